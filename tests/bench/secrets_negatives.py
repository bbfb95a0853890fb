# ruff: noqa: E501  tables of texts, one a line, read better whole
"""Texts without a credential that look as if they had one: hashes, ids, code that handles tokens, examples of docs.

Rows are templates filled with random values, so that each kind has many; kinds marked ``held`` are for the figures only.
"""

import base64
import string
from collections.abc import Callable, Iterator
from random import Random

from tests.bench.secrets_corpus import Sample
from tests.bench.secrets_kinds import B62, B64, DIGITS, HEX, LOWNUM, UPNUM, WORDS, run, uuid

Maker = Callable[[Random], str]


def _png(rng: Random) -> str:
    data = base64.b64encode(b"\x89PNG\r\n\x1a\n" + rng.randbytes(rng.randint(90, 900))).decode()
    return rng.choice(
        ['<img src="data:image/png;base64,{}" alt="logo">', "background: url(data:image/png;base64,{});"]
    ).format(data)


def _minified(rng: Random) -> str:
    names = [run(rng, string.ascii_letters, 2) for _ in range(8)]
    parts = [
        f"var {names[0]}={{key:{names[1]},token:{names[2]}.t,secret:!1}};",
        f"function {names[3]}(e,t){{return e.password===t.p?{names[4]}(e):null}}",
        f"{names[5]}.prototype.setToken=function(e){{this.token=e||this.key}};",
        f'!function(e){{e.auth=e.auth||{{}};e.auth.key="{names[6]}"}}(window);',
    ]
    rng.shuffle(parts)
    return "".join(parts) * rng.randint(1, 4)


def _commits(rng: Random) -> str:
    return rng.choice(
        [
            f"commit {run(rng, HEX, 40)}\nAuthor: Li\n\n    rotate the api key in the docs",
            f"index {run(rng, HEX, 7)}..{run(rng, HEX, 7)} 100644\n--- a/auth/token.py\n+++ b/auth/token.py",
            f"git cherry-pick {run(rng, HEX, 40)} fails with a conflict in secrets.py",
            f"- uses: actions/checkout@{run(rng, HEX, 40)} # v4\n  with:\n    token: ${{{{ secrets.GITHUB_TOKEN }}}}",
            f"git+https://github.com/acme/auth.git@{run(rng, HEX, 40)}#egg=auth-token",
        ]
    )


def _ids(rng: Random) -> str:
    return rng.choice(
        [
            f'{{"id": "{uuid(rng)}", "type": "user", "key": "{rng.choice(WORDS)}"}}',
            f'trace_id={run(rng, HEX, 32)} span_id={run(rng, HEX, 16)} msg="token refreshed"',
            f"x-request-id: {uuid(rng)}",
            f'ETag: "{run(rng, HEX, 32)}"\nCache-Control: private',
            f"Order {rng.randrange(10**9)} was shipped, tracking 1Z{run(rng, UPNUM, 16)}.",
            f'pod/api-{run(rng, LOWNUM, 9)}-{run(rng, LOWNUM, 5)} CrashLoopBackOff: secret "db-credentials" not found',
            f"https://www.youtube.com/watch?v={run(rng, B62, 11)}",
            f"client_id={uuid(rng)}&response_type=code&scope=openid",
            f"chatcmpl-{run(rng, B62, 29)}",
            f"call_{run(rng, B62, 24)}: get_token finished",
            f"AWS account 4{run(rng, DIGITS, 11)}, role arn:aws:iam::4{run(rng, DIGITS, 11)}:role/{rng.choice(WORDS)}-key-rotation",
            f"i-0{run(rng, HEX, 16)} in subnet-{run(rng, HEX, 17)}",
            f"gs://{rng.choice(WORDS)}-bucket/{uuid(rng)}/part-00001",
            f"UA-{run(rng, DIGITS, 8)}-1 and G-{run(rng, UPNUM, 10)} both count visits",
            f"publishable key: pk_live_{run(rng, B62, 24)}",
            f"docker pull redis@sha256:{run(rng, HEX, 64)}",
            f"tx 0x{run(rng, HEX, 64)} failed: out of gas",
            f"ObjectId('{run(rng, HEX, 24)}') has no field token",
        ]
    )


def _sums(rng: Random) -> str:
    return rng.choice(
        [
            f"{run(rng, HEX, 64)}  auth-1.2.tar.gz\n{run(rng, HEX, 64)}  token-0.9.tar.gz",
            f"MD5 ({rng.choice(WORDS)}.iso) = {run(rng, HEX, 32)}",
            f'<script src="https://cdn.example.org/a.js" integrity="sha384-{run(rng, B64, 64)}" crossorigin="anonymous"></script>',
            f"sha256: {run(rng, HEX, 64)}",
            f"SHA256:{run(rng, B64, 43)} ada@laptop (ED25519)",
            f"ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAI{run(rng, B64, 43)} ada@laptop",
            f"Fingerprint: {' '.join(run(rng, UPNUM, 4) for _ in range(10))}",
            f"-----BEGIN CERTIFICATE-----\n{run(rng, B64, 64)}\n{run(rng, B64, 64)}\n-----END CERTIFICATE-----",
            f"-----BEGIN PUBLIC KEY-----\n{run(rng, B64, 64)}\n-----END PUBLIC KEY-----",
        ]
    )


def _locks(rng: Random) -> str:
    name = rng.choice(WORDS)
    return rng.choice(
        [
            f'"node_modules/{name}-token": {{\n  "version": "1.{rng.randrange(20)}.0",\n  "resolved": "https://registry.npmjs.org/{name}/-/{name}-1.0.0.tgz",\n  "integrity": "sha512-{run(rng, B64, 86)}=="\n}}',
            f'[[package]]\nname = "{name}-secret"\nversion = "0.{rng.randrange(20)}"\nsource = "registry+https://github.com/rust-lang/crates.io-index"\nchecksum = "{run(rng, HEX, 64)}"',
            f"github.com/acme/{name}-auth v1.2.3 h1:{run(rng, B64, 43)}=\ngithub.com/acme/{name}-auth v1.2.3/go.mod h1:{run(rng, B64, 43)}=",
            f"{name}==1.2.{rng.randrange(9)} \\\n    --hash=sha256:{run(rng, HEX, 64)} \\\n    --hash=sha256:{run(rng, HEX, 64)}",
            f'{name}-key@^1.0.0:\n  version "1.0.{rng.randrange(9)}"\n  resolved "https://registry.yarnpkg.com/{name}-key/-/{name}-key-1.0.4.tgz#{run(rng, HEX, 40)}"\n  integrity sha512-{run(rng, B64, 86)}==',
        ]
    )


def _biology(rng: Random) -> str:
    return rng.choice(
        [
            f"The key motif is {run(rng, 'ACGT', 60)}, reverse complement please.",
            f">seq1 token\n{run(rng, 'ACGT', 70)}\n{run(rng, 'ACGT', 70)}",
            f"1. e4 e5 2. Nf3 Nc6 3. Bb5 a6 4. Ba4 Nf6 5. O-O Be7 {rng.randrange(6, 9)}. Re1 b5",
            f"Protein M{run(rng, 'ACDEFGHIKLMNPQRSTVWY', 60)}, what does it do?",
            f"ISBN 978-{rng.randrange(10)}-{rng.randrange(10**4, 10**5)}-{rng.randrange(100, 999)}-{rng.randrange(10)}",
            f"rnbqkbnr/pp1ppppp/8/2p5/4P3/5N2/PPPP1PPP/RNBQKB1R b KQkq - 1 {rng.randrange(40)}",
        ]
    )


def _lines(*lines: str) -> Maker:
    def make(rng: Random) -> str:
        return (
            rng.choice(lines)
            .replace("~w", rng.choice(WORDS))
            .replace("~W", rng.choice(WORDS).upper())
            .replace("~n", str(rng.randrange(2, 900)))
        )

    return make


KINDS: tuple[tuple[str, bool, Maker], ...] = (
    ("commits", False, _commits),
    ("ids", False, _ids),
    ("checksums and public keys", False, _sums),
    ("lock files", False, _locks),
    ("images", False, _png),
    ("minified code", False, _minified),
    ("sequences, chess, ISBN", True, _biology),
    (
        "placeholders", False,
        _lines(
            "OPENAI_API_KEY=sk-...", "OPENAI_API_KEY=sk-your-key-here", "api_key = \"YOUR_API_KEY\"", "export ~W_TOKEN=<your token>", "password: changeme", "PASSWORD=xxxxxxxxxxxx",
            "db_password: '********'", "token: ${~W_TOKEN}", "secret: {{ vault_~w_secret }}", "password = \"%(password)s\"", "ANTHROPIC_API_KEY=sk-ant-xxxxxxxxxxxxxxxxxxxx", "aws_access_key_id = AKIAIOSFODNN7EXAMPLE",
            "aws_secret_access_key = wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY", "Authorization: Bearer YOUR_ACCESS_TOKEN", "Authorization: Bearer <token>", "Authorization: Bearer ${TOKEN}", "curl -u user:password https://api.example.com",
            "curl -u \"$USER:$PASS\" https://api.example.com", "postgres://user:password@localhost:5432/db", "postgresql://${DB_USER}:${DB_PASS}@db/app", "mysql://root:root@localhost/test", "redis://localhost:6379/0", "ghp_XXXXXXXXXXXXXXXXXXXXXXXXXXXXXXXXXXXX",
            "token=abc123", "secret_key = 'your-256-bit-secret'", "SECRET_KEY = 'replace-this-with-a-random-string'", "password=\"secret\"", "API_KEY=dummy", "apiKey: 'insert-api-key-here'", "ACCESS_TOKEN=TODO", "client_secret: [REDACTED]",
            "mysql -u root -p", "docker login -u ci --password-stdin", "sk_test_...", "AIza...", "xoxb-your-token", "key: my-secret-key", "password = 'password'", "DB_PASS=example", "jwt_secret: 'my_super_secret_key'", "token: \"<redacted>\"",
            "Use `npm config set //registry.npmjs.org/:_authToken=${NPM_TOKEN}`.", "-u admin:admin", "--password=<PASSWORD>", "https://user:pass@example.com/path", "https://username:password@host:port/", "set PGPASSWORD=%DB_PASS%",
        ),
    ),
    (
        "references", False,
        _lines(
            "api_key = os.environ[\"~W_API_KEY\"]", "token = os.getenv(\"~W_TOKEN\", \"\")", "const key = process.env.~W_API_KEY;", "apiKey: import.meta.env.VITE_~W_KEY,", "password = config.get(\"db\", \"password\")", "secret := os.Getenv(\"~W_SECRET\")",
            "String token = System.getenv(\"~W_TOKEN\");", "password = ENV.fetch('~W_PASSWORD')", "$password = getenv('~W_PASSWORD');", "password: !vault |", "valueFrom:\n  secretKeyRef:\n    name: ~w-secret\n    key: password-~n", "token: ${{ secrets.~W_TOKEN }}",
            "password = data.aws_secretsmanager_secret_version.~w.secret_string", "password = var.~w_db_password", "api_key = settings.~W_API_KEY_V2", "secret = keyring.get_password(\"~w\", user)", "token = request.headers[\"X-Auth-Token\"]", "DATABASE_PASSWORD=$(cat /run/secrets/~w_password)",
            "password_file: /run/secrets/~w_db_password_2", "key_file = \"/etc/ssl/private/~w-server-key-1.pem\"", "tokenUrl: https://auth.~w.net/oauth2/v2/token", "secretName: ~w-tls-secret-2024", "api_key_id: key-~w-~n", "token = self.client.get_token(scope=\"api://~w\")",
            "password := r.FormValue(\"password\")", "credentials = Credentials.from_file(\"~w-creds-2.json\")", "authToken = await getAuthToken(user.id)", "accessKey=aws.accessKeyId&secretKey=aws.secretAccessKey",
        ),
    ),
    (
        "code about credentials", False,
        _lines(
            "def login(user: str, password: str) -> Token: ...", "if password != confirm_password:\n    raise ValueError(\"passwords differ\")", "class TokenSerializer(serializers.Serializer):\n    access_token = serializers.CharField()", "<input type=\"password\" name=\"password\" id=\"password\" autocomplete=\"current-password\">",
            "password: z.string().min(12).max(64)", "tokens = tokenizer.encode(text, max_length=512)", "max_tokens=4096, stop_token=\"<|im_end|>\"", "pad_token_id: 50256, eos_token: \"</s>\"", "token = tokens[~n]", "for key, value in params.items():\n    secret_keys.add(key)",
            "PRIMARY KEY (id), UNIQUE KEY token_idx (token(191))", "ALTER TABLE users ADD COLUMN password_hash VARCHAR(255) NOT NULL;", "private_key = rsa.generate_private_key(public_exponent=65537, key_size=2048)", "api_key: Annotated[str, Header(alias=\"X-API-Key\")]", "self.assertEqual(response.json()[\"token\"], expected_token)",
            "const [password, setPassword] = useState('');", "interface Auth { accessToken: string; refreshToken?: string }", "key={item.id} secret={false}", "token_type: bearer\nexpires_in: 3600", "struct Token { kind: TokenKind, lexeme: String, line: u32 }", "'password' => ['required', 'string', 'min:8', 'confirmed'],",
            "password = secrets.token_urlsafe(32)", "openssl rand -hex 32 > secret.key", "ssh-keygen -t ed25519 -C \"ada@laptop\" -f ~/.ssh/id_~w", "htpasswd -c .htpasswd ada", "hashed = bcrypt.hashpw(password.encode(), bcrypt.gensalt(12))", "raise AuthError(\"invalid token: expected 3 parts, got 2\")",
            "\"usage\": {\"prompt_tokens\": ~n, \"completion_tokens\": ~n, \"total_tokens\": ~n}", "label.password=Passwort\nlabel.password.repeat=Passwort wiederholen", "\"password\": \"Passwort\", \"forgotPassword\": \"Passwort vergessen?\"", "t('auth.password.placeholder')", "password: Optional[SecretStr] = None",
            "const token = jwt.sign({ id: user.id }, SECRET, { expiresIn: '1h' });", "private static final String TOKEN_HEADER = \"X-Auth-Token\";", "public const SECRET_NAME = 'app.~w.secret';", "secret_key_base: <%= ENV[\"SECRET_KEY_BASE\"] %>", "password_regex = r\"^(?=.*[A-Z])(?=.*\\d)[A-Za-z\\d@$!%*?&]{8,}$\"",
            "token=$(curl -s https://auth.local/token | jq -r .access_token)", "KEYWORDS = {\"if\": Token.IF, \"else\": Token.ELSE, \"return\": Token.RETURN2}", "cache_key = f\"user:{user_id}:token:v2\"", "sort_key=lambda r: (r.name, r.token2)", "foreign_key: user_id, primary_key: account_uuid", "api_key=api_key, token=token2, secret=client_secret",
            "with mock.patch.dict(os.environ, {\"API_KEY\": \"test\"}):", "passwords = [line.strip() for line in open('rockyou.txt')]", "if len(password) < 8 or password.isdigit(): return False", "print(f\"Password: {'*' * len(password)}\")", "S3Client(accessKeyId: Access.key, secretAccessKey: Access.secret)", "pwd = os.path.dirname(__file__)", "PWD=/home/ada/projects/app2",
            "cd $(pwd)/build && make", "pass  # TODO: implement", "token: Token(STRING, 'hello', 1)", "auth_backend = 'django.contrib.auth.backends.ModelBackend'", "authorization: { type: 'oauth2', flows: { implicit: {} } }", "keycode: 13, keyName: 'Enter2'", "keystore.type=PKCS12\nkeystore.alias=~w1",
        ),
    ),
    (
        "prose about credentials", False,
        _lines(
            "How do I rotate an API key in AWS without downtime?", "The password is required and must be at least 12 characters.", "My password is not working, what should I do?", "Your password was changed successfully on 3 March 2024.", "The password is case-sensitive.", "What makes a strong password? Is length more important than symbols?",
            "Write a story in which the secret key to the castle is lost.", "The key to success is: practice2practice.", "A token is roughly 4 characters of English.", "Das Passwort ist zu kurz.", "Mein Passwort ist abgelaufen, wie ändere ich es?", "Le mot de passe est obligatoire.", "La contraseña es incorrecta.", "La password è scaduta ieri.", "A senha é inválida.", "Het wachtwoord is verlopen.",
            "Explain the difference between authentication and authorization.", "Password: at least 8 characters, one digit and one symbol.", "Passwords: why 123456 is still popular", "The PIN is a 4 digit number.", "PIN 4 of the chip is connected to GND.", "Explain how a JWT (eyJ...) is signed.", "bearer of good news", "The bearer token in the header is optional.", "token economy and secret santa are both fun in class 4B",
            "Enter the pin code of your city, e.g. 560001.", "What is the password hashing algorithm used by Linux ($6$ means SHA-512)?", "The secret of good bread is time.", "She whispered the password: \"friend\".", "The pin is bent.", "The passcode is six digits long.", "What does `sk-` mean in an OpenAI key?", "My API key is not accepted, error 401.", "Our API token was revoked in 2023.", "The access code is on page 12 of the manual.",
        ),
    ),
    (
        "documents and data", True,
        _lines(
            "name,country,key\nada,uk,~w-~n\nli,cn,~w-~n", "key: C major, tempo: ~n bpm", ":root { --token-color-~w: #a1b2c3; --secret-gap: 12px }", ".token.keyword { color: #07a; font: 12px/1.5 Menlo }", "| key | action |\n|---|---|\n| Ctrl+K2 | open ~w |", "Figure ~n: key results, token budget ~n, p=0.0~n",
            "Product key facts: 120x60cm, item no. ~n-~n-AB", "license: MIT, SPDX-License-Identifier: Apache-2.0", "pip install tokenizers==0.~n.1 secretstorage>=3.3", "The keystone species (key: 7a) lives at 1200m", "Room key card 2B opens floor ~n", "BIC DEUTDEFF500 and VAT id are on the invoice", "session.key.size=2048 session.token.ttl=3600s",
            "https://docs.python.org/3/library/secrets.html#secrets.token_hex", "https://example.org/reset?lang=en&step=token", "https://github.com/acme/~w/blob/main/src/auth/password_policy2.py", "s3://~w-data/keys/2024/01/part-000~n.parquet", "SELECT token, secret FROM sessions WHERE id = ~n;", "Subject: =?utf-8?B?UGFzc3dvcnQgdmVyZ2Vzc2Vu?=",
            "Message-ID: <~n.~n@mail.~w.net>", "const sha = \"da39a3ee5e6b4b0d3255bfef95601890afd80709\";", "user-agent: Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 Chrome/110.0.0.0", "Content-Security-Policy: script-src 'nonce-~wd2VsbA=='", "hint: the password to level ~n is hidden in the picture", "authors: [A. Turing, G. Hopper2]", "Tokens: the, cat2, sat; keys: q, k, v",
        ),
    ),
    (
        "other code", True,
        _lines(
            "kubectl create secret generic ~w --from-literal=password=$PASSWORD", "aws secretsmanager get-secret-value --secret-id prod/~w/db2", "vault kv get -field=password secret/~w/db2", "gcloud auth print-access-token | docker login -u oauth2accesstoken --password-stdin", "gh auth token | pbcopy", "[Authorize(Policy = \"ApiKey2\")]", "@Value(\"${~w.api.key:}\") String apiKey;",
            "val token: String by lazy { prefs.getString(\"token2\", null) }", "let token = UserDefaults.standard.string(forKey: \"authToken2\")", "#define SECRET_LEN 32", "enum TokenType { LPAREN1, RPAREN1, NUMBER }", "fn next_token(&mut self) -> Option<Token2>", "secret_key: &'static str = env!(\"~W_KEY2\");", "password varchar2(64) not null", "$table->string('api_token', 80)->unique()->nullable();",
            "validates :password, length: { minimum: 8 }", "config.vm.provision :shell, path: 'secret2.sh'", "- name: Read password\n  set_fact:\n    db_password: \"{{ lookup('env', 'DB_PASSWORD2') }}\"", "credentialsId: 'github-~w-token2'", "withCredentials([string(credentialsId: '~w', variable: 'TOKEN')]) {}", "private_key_path = \"~/.ssh/id_rsa2\"", "passwordPolicy: { minLength: 12, requireDigits1: true }",
            "authentication_key = NULL", "api_version = '2023-06-01-preview'", "secret_santa_pairs = {'ada': 'li', 'bo2': 'cy'}", "key_derivation = 'pbkdf2_hmac_sha256'", "token_endpoint_auth_method=client_secret_basic2", "pwd_context = CryptContext(schemes=['bcrypt'], deprecated='auto')", "encryption_key_name: projects/~w/locations/eu/keyRings/r1/cryptoKeys/k~n", "KeyId: alias/aws/s3v~n",
        ),
    ),
)  # fmt: skip


def negatives(seed: int = 1, each: int = 400) -> Iterator[Sample]:
    """``each`` draws of every kind, the same text once."""
    for kind, held, make in KINDS:
        rng = Random(f"{seed}/{kind}")
        for text in dict.fromkeys(make(rng) for _ in range(each)):
            yield Sample(kind, "", held, text, "")
