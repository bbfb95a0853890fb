# ruff: noqa: E501, SIM905  tables of texts, one a line, read better whole
"""Made-up credentials of many kinds, by the formats that their vendors document (prefix, alphabet, length).

Written beside the rules, not from them: nothing here reads ``policies/detectors``. Every value is random.
"""

import base64
import hashlib
import json
import string
from collections.abc import Callable
from dataclasses import dataclass
from random import Random

LOWER, UPPER, DIGITS, HEX = string.ascii_lowercase, string.ascii_uppercase, string.digits, "0123456789abcdef"
B62 = string.ascii_letters + DIGITS
B64 = B62 + "+/"
URL64 = B62 + "-_"
LOWNUM, UPNUM, B32 = LOWER + DIGITS, UPPER + DIGITS, UPPER + "234567"
BECH32 = "QPZRY9X8GF2TVDW0S3JN54KHCE6MUA7L"
BASE58 = "123456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz"


@dataclass(frozen=True, slots=True)
class Kind:
    """``label``: the words that name it in settings. ``bare``: the value says by itself what it is.

    ``block``: a text of its own (a key file, an address, a command) that is not put behind a label.
    """

    name: str
    label: str
    make: Callable[[Random], str]
    bare: bool = True
    block: bool = False


def run(rng: Random, alphabet: str, least: int, most: int = 0) -> str:
    """Random characters; of at least eight, some are digits and not all are."""
    length = rng.randint(least, most or least)
    while True:
        text = "".join(rng.choice(alphabet) for _ in range(length))
        both = set(alphabet) & set(DIGITS) and set(alphabet) - set(DIGITS)
        if length < 8 or not both or (any(c.isdecimal() for c in text) and any(c.isalpha() for c in text)):
            return text


def shaped(*parts: str | tuple[str, int] | tuple[str, int, int]) -> Callable[[Random], str]:
    """Literal texts and runs of ``(alphabet, length)`` or ``(alphabet, least, most)`` in a row."""
    return lambda rng: "".join(part if isinstance(part, str) else run(rng, *part) for part in parts)


def uuid(rng: Random) -> str:
    return "-".join(run(rng, HEX, size) for size in (8, 4, 4, 4, 12))


def _json64(value: object) -> str:
    return base64.urlsafe_b64encode(json.dumps(value).encode()).decode().rstrip("=")


def jwt(rng: Random) -> str:
    head = {"alg": rng.choice(["HS256", "RS256", "ES256"]), "typ": "JWT"}
    body = {
        "sub": str(rng.randrange(10**6)),
        "name": rng.choice(["ada", "jo", "li"]),
        "iat": rng.randrange(10**9, 2 * 10**9),
    }
    return f"{_json64(head)}.{_json64(body)}.{run(rng, URL64, 43)}"


WORDS = (
    "amber anvil badger basil birch bramble canyon cedar cobalt comet copper coral crane dahlia delta ember falcon fern "
    "fjord flint garnet glacier harbor hazel heron indigo jasper juniper kestrel lantern laurel lemon lichen magnet maple "
    "meadow nectar nimbus ocean olive opal otter pebble pepper pilot quartz raven ripple saffron sierra sparrow summer "
    "tango thistle tiger topaz tulip velvet walnut willow winter zephyr"
).split()


def password(rng: Random) -> str:
    """As people and as generators make them."""
    a, b = rng.choice(WORDS), rng.choice(WORDS)
    return rng.choice(
        [
            f"{a.capitalize()}{rng.randrange(10, 2030)}{rng.choice('!?#$%&*')}",
            f"{a}{rng.randrange(10, 99)}{b}",
            f"{a.capitalize()}-{b.capitalize()}-{rng.randrange(10, 99)}",
            f"{a.replace('a', '@').replace('e', '3').replace('o', '0').capitalize()}{rng.choice('!#_.')}{rng.randrange(99)}{b[:3]}",
            run(rng, B62, 10, 16),
            run(rng, B62 + "!#%&*+-_.", 12, 20),
            run(rng, B62, 8) + rng.choice("!#*") + run(rng, DIGITS, 2),
        ]
    )


def _pem(kind: str) -> Callable[[Random], str]:
    def make(rng: Random) -> str:
        body = "\n".join(run(rng, B64, 64) for _ in range(rng.randint(3, 8)))
        return f"-----BEGIN {kind}-----\n{body}\n-----END {kind}-----"

    return make


def _pgp(rng: Random) -> str:
    body = "\n".join(run(rng, B64, 64) for _ in range(4))
    return f"-----BEGIN PGP PRIVATE KEY BLOCK-----\n\n{body}\n={run(rng, B64, 4)}\n-----END PGP PRIVATE KEY BLOCK-----"


def _putty(rng: Random) -> str:
    body = "\n".join(run(rng, B64, 64) for _ in range(3))
    return f"PuTTY-User-Key-File-3: ssh-ed25519\nEncryption: none\nComment: laptop\nPrivate-Lines: 3\n{body}\nPrivate-MAC: {run(rng, HEX, 64)}"


def _service_account(rng: Random) -> str:
    key = "\\n".join(run(rng, B64, 64) for _ in range(4))
    project = f"{rng.choice(WORDS)}-{rng.randrange(10**5)}"
    return json.dumps(
        {
            "type": "service_account",
            "project_id": project,
            "private_key_id": run(rng, HEX, 40),
            "private_key": f"-----BEGIN PRIVATE KEY-----\n{key}\n-----END PRIVATE KEY-----\n",
            "client_email": f"deploy@{project}.iam.gserviceaccount.com",
        },
        indent=rng.choice([None, 2]),
    ).replace("\\\\n", "\\n")


def _url(*schemes: str, name: bool = True) -> Callable[[Random], str]:
    def make(rng: Random) -> str:
        user = rng.choice(["app", "admin", "svc_orders", "root", rng.choice(WORDS)]) if name else ""
        host = rng.choice(["db.internal", "10.20.3.4", "cluster0.ab1cd.mongodb.net", f"{rng.choice(WORDS)}.corp.lan"])
        word = run(rng, B62 + "!*-_.", 9, 18)
        return f"{rng.choice(schemes)}://{user}:{word}@{host}:{rng.randrange(1024, 9999)}/{rng.choice(WORDS)}"

    return make


def _azure_storage(rng: Random) -> str:
    return (
        f"DefaultEndpointsProtocol=https;AccountName={rng.choice(WORDS)}{rng.randrange(99)};"
        f"AccountKey={run(rng, B64, 86)}==;EndpointSuffix=core.windows.net"
    )


def _azure_sas(rng: Random) -> str:
    host = f"{rng.choice(WORDS)}.blob.core.windows.net"
    sign = run(rng, B64, 43).replace("+", "%2B").replace("/", "%2F")
    return f"https://{host}/backup?sp=racwdl&st=2026-01-02T08:00:00Z&se=2027-01-02T08:00:00Z&spr=https&sv=2022-11-02&sr=c&sig={sign}%3D"


def _ado(rng: Random) -> str:
    return f"Server=tcp:{rng.choice(WORDS)}.database.windows.net,1433;Initial Catalog=shop;User ID=app;Password={run(rng, B62 + '!#', 14)};Encrypt=True"


def _dsn(rng: Random) -> str:
    return f"host=db port=5432 dbname={rng.choice(WORDS)} user=app password={password(rng)} sslmode=require"


def _jdbc(rng: Random) -> str:
    return (
        f"jdbc:{rng.choice(['mysql', 'postgresql', 'sqlserver'])}://db:3306/shop?user=app&password={run(rng, B62, 12)}"
    )


def _teams(rng: Random) -> str:
    return f"https://{rng.choice(WORDS)}.webhook.office.com/webhookb2/{uuid(rng)}@{uuid(rng)}/IncomingWebhook/{run(rng, HEX, 32)}/{uuid(rng)}"


def _npmrc(rng: Random) -> str:
    return f"registry=https://registry.npmjs.org/\n//registry.npmjs.org/:_authToken={rng.choice([uuid(rng), 'npm_' + run(rng, B62, 36)])}\n"


def _npm_auth(rng: Random) -> str:
    word = base64.b64encode(f"{rng.choice(WORDS)}:{password(rng)}".encode()).decode()
    return f"//npm.{rng.choice(WORDS)}.net/:_auth={word}\nalways-auth=true"


def _netrc(rng: Random) -> str:
    style = rng.choice(["machine {0}.net login {1} password {2}", "machine {0}.net\n  login {1}\n  password {2}"])
    return style.format(rng.choice(WORDS), rng.choice(WORDS), password(rng))


def _pgpass(rng: Random) -> str:
    return f"# ~/.pgpass\ndb.{rng.choice(WORDS)}.net:5432:*:{rng.choice(WORDS)}:{run(rng, B62, 12)}"


def _pypirc(rng: Random) -> str:
    return f"[pypi]\nusername = __token__\npassword = pypi-AgEIcHlwaS5vcmc{run(rng, URL64, 140)}"


def _kubeconfig(rng: Random) -> str:
    data = base64.b64encode(_pem("RSA PRIVATE KEY")(rng).encode()).decode()
    body = rng.choice([f"client-key-data: {data}", f"token: {run(rng, B62, 48)}", f"token: {jwt(rng)}"])
    return f"apiVersion: v1\nkind: Config\nusers:\n- name: admin\n  user:\n    {body}"


def _docker_auth(rng: Random) -> str:
    word = base64.b64encode(f"{rng.choice(WORDS)}:{run(rng, B62, 16)}".encode()).decode()
    return json.dumps({"auths": {rng.choice(["https://index.docker.io/v1/", "ghcr.io"]): {"auth": word}}})


def _k8s_secret(rng: Random) -> str:
    word = base64.b64encode(password(rng).encode()).decode()
    return f"apiVersion: v1\nkind: Secret\nmetadata:\n  name: db\ntype: Opaque\ndata:\n  password: {word}"


def _htpasswd(rng: Random) -> str:
    hashed = rng.choice(
        [
            "$apr1$" + run(rng, B62, 8) + "$" + run(rng, B62, 22),
            "$2y$05$" + run(rng, B62, 53),
            "{SHA}" + run(rng, B64, 27) + "=",
        ]
    )
    return f"{rng.choice(WORDS)}:{hashed}"


def _shadow(rng: Random) -> str:
    return f"{rng.choice(['root', 'ada', 'deploy'])}:$6${run(rng, B62, 16)}${run(rng, B62, 86)}:19700:0:99999:7:::"


def _basic(rng: Random) -> str:
    word = base64.b64encode(f"{rng.choice(WORDS)}:{password(rng)}".encode()).decode()
    return rng.choice(["Authorization: Basic {}", "curl -H 'Authorization: Basic {}' https://api.corp.lan/v1"]).format(
        word
    )


def _bearer(rng: Random) -> str:
    word = run(rng, B62, 32, 64)
    return rng.choice(
        [
            "Authorization: Bearer {}",
            "curl -H 'authorization: bearer {}' https://api.corp.lan",
            "headers={{'Authorization': 'Bearer {}'}}",
        ]
    ).format(word)


def _curl_user(rng: Random) -> str:
    return f"curl {rng.choice(['-u', '--user'])} {rng.choice(WORDS)}:{password(rng).replace('$', '5').replace('&', '6').replace('#', '7')} https://{rng.choice(WORDS)}.corp.lan/api"


def _flag(rng: Random) -> str:
    word = run(rng, B62 + "!_", 10, 16)
    return rng.choice(
        [
            "mysql -h db -u root -p{} shop",
            "mysqldump --user=app --password={} shop",
            "sshpass -p '{}' ssh root@10.0.0.4",
            "redis-cli -h cache -a {} ping",
            "docker login -u ci -p {} registry.corp.lan",
            "PGPASSWORD={} psql -h db -U app shop",
            "mongosh --host db -u admin --password {} admin",
            "az login --service-principal -u app --password {} --tenant t",
        ]
    ).format(word)


def _otpauth(rng: Random) -> str:
    return f"otpauth://totp/{rng.choice(WORDS)}:ada?secret={run(rng, B32, 32)}&issuer={rng.choice(WORDS)}"


def _wif(rng: Random) -> str:
    data = b"\x80" + rng.randbytes(32) + rng.choice([b"", b"\x01"])
    data += hashlib.sha256(hashlib.sha256(data).digest()).digest()[:4]
    number, text = int.from_bytes(data, "big"), ""
    while number:
        number, place = divmod(number, 58)
        text = BASE58[place] + text
    return text


def _discord(rng: Random) -> str:
    bot = base64.urlsafe_b64encode(str(rng.randrange(10**17, 10**19)).encode()).decode().rstrip("=")
    return f"{bot}.{run(rng, URL64, 6)}.{run(rng, URL64, 38)}"


def _nuget_config(rng: Random) -> str:
    return f'<packageSourceCredentials><corp><add key="Username" value="ci" /><add key="ClearTextPassword" value="{password(rng).replace("&", "+")}" /></corp></packageSourceCredentials>'


def _told(rng: Random) -> str:
    word = password(rng)
    return rng.choice(
        [
            f"The password is {word}, please do not share it.",
            f"Login with user ada and password {word} then open the console.",
            f"my password was {word} until yesterday",
            f"pw: {word}",
            f"Wifi password: {word}",
            f"Das Passwort lautet {word}.",
            f"Mein Kennwort ist {word}",
            f"Le mot de passe est {word}",
            f"mot de passe : {word}",
            f"La contraseña es {word}",
            f"contraseña: {word}",
            f"La password è {word}",
            f"A senha é {word}",
            f"senha: {word}",
            f"Het wachtwoord is {word}",
            f"username: ada / password: {word}",
            f"creds are ada / {word}",
            f'You can log in as admin with the password "{word}".',
            f"Temporary password = {word}",
            f"Root-Passwort: {word}",
            f"pass: {word}",
            f"user=ada pass={word}",
            f"passcode: {word}",
        ]
    )


def _pin(rng: Random) -> str:
    word = str(rng.choice([rng.randrange(1000, 9999), rng.randrange(10**5, 10**6)]))
    return rng.choice(
        [
            f"my PIN is {word}",
            f"The pin for the card is {word}.",
            f"PIN: {word}",
            f"Meine PIN ist {word}",
            f"mi pin es {word}",
            f"mon code PIN est {word}",
            f"il mio PIN è {word}",
            f"o meu PIN é {word}",
            f"mijn pincode is {word}",
            f"door code is {word}",
            f"your verification code is {word}",
        ]
    )


KINDS: tuple[Kind, ...] = (
    # cloud
    Kind("aws-access-key-id", "aws access key id", shaped("AKIA", (B32, 16))),
    Kind("aws-session-key-id", "aws access key id", shaped("ASIA", (B32, 16))),
    Kind("aws-secret-access-key", "aws secret access key", shaped((B64, 40)), bare=False),
    Kind("aws-pair", "", lambda r: f"{'AKIA' + run(r, B32, 16)}\n{run(r, B64, 40)}", block=True),
    Kind("gcp-api-key", "google api key", shaped("AIza", (URL64, 35))),
    Kind("gcp-oauth-secret", "google client secret", shaped("GOCSPX-", (URL64, 28))),
    Kind("gcp-oauth-token", "access token", shaped("ya29.a0", (URL64, 120))),
    Kind("gcp-service-account", "", _service_account, block=True),
    Kind("azure-storage", "", _azure_storage, block=True),
    Kind("azure-sas", "", _azure_sas, block=True),
    Kind("azure-ad-secret", "azure client secret", shaped((B62, 3), "8Q~", (B62 + "_~.-", 34))),
    Kind("azure-sql", "", _ado, block=True),
    Kind("alibaba-key-id", "aliyun access key id", shaped("LTAI", (B62, 20))),
    Kind("digitalocean", "digitalocean token", shaped("dop_v1_", (HEX, 64))),
    Kind("heroku", "heroku api key", uuid, bare=False),
    Kind("heroku-new", "heroku api key", shaped("HRKU-AA", (URL64, 58))),
    Kind("cloudflare", "cloudflare api token", shaped((URL64, 40)), bare=False),
    Kind("cloudflare-global", "cloudflare api key", shaped((HEX, 37)), bare=False),
    Kind("fastly", "fastly api token", shaped((URL64, 32)), bare=False),
    Kind("netlify", "netlify auth token", shaped("nfp_", (B62, 36))),
    Kind("vercel", "vercel token", shaped((B62, 24)), bare=False),
    Kind("supabase", "supabase access token", shaped("sbp_", (HEX, 40))),
    Kind("supabase-secret", "supabase key", shaped("sb_secret_", (URL64, 31))),
    Kind("planetscale", "database password", shaped("pscale_pw_", (URL64, 43))),
    Kind("databricks", "databricks token", shaped("dapi", (HEX, 32))),
    Kind("terraform-cloud", "tfe token", shaped((B62, 14), ".atlasv1.", (B62, 67))),
    Kind("vault-service", "vault token", shaped("hvs.", (URL64, 95))),
    Kind("vault-legacy", "vault token", shaped("s.", (B62, 24))),
    Kind("doppler", "doppler token", shaped("dp.pt.", (B62, 43))),
    Kind("pulumi", "pulumi access token", shaped("pul-", (HEX, 40))),
    Kind("flyio", "fly api token", shaped("fm2_", (B64, 120))),
    Kind("tailscale", "tailscale auth key", shaped("tskey-auth-", (B62, 12), "-", (B62, 32))),
    Kind("scaleway", "scw secret key", uuid, bare=False),
    # code hosting, packages and CI
    Kind("github-pat", "github token", shaped("ghp_", (B62, 36))),
    Kind("github-fine", "github token", shaped("github_pat_", (B62, 22), "_", (B62, 59))),
    Kind("github-oauth", "github token", shaped("gho_", (B62, 36))),
    Kind("github-app", "github token", shaped("ghs_", (B62, 36))),
    Kind("github-refresh", "refresh token", shaped("ghr_", (B62, 76))),
    Kind("gitlab-pat", "gitlab token", shaped("glpat-", (URL64, 20))),
    Kind("gitlab-runner", "runner token", shaped("glrt-", (URL64, 20))),
    Kind("gitlab-trigger", "trigger token", shaped("glptt-", (HEX, 40))),
    Kind("gitlab-oauth-app", "client secret", shaped("gloas-", (HEX, 64))),
    Kind("gitlab-routable", "gitlab token", shaped("glpat-", (URL64, 27), ".", (LOWNUM, 2), ".", (LOWNUM, 9))),
    Kind("gitlab-registration", "registration token", shaped("GR1348941", (URL64, 20))),
    Kind("bitbucket-app", "bitbucket app password", shaped("ATBB", (B62, 32))),
    Kind("atlassian", "jira api token", shaped("ATATT3xFfGF0", (URL64, 171), "=", (UPNUM, 8))),
    Kind("npm", "npm token", shaped("npm_", (B62, 36))),
    Kind("npmrc", "", _npmrc, block=True),
    Kind("npmrc-auth", "", _npm_auth, block=True),
    Kind("pypi", "pypi token", shaped("pypi-AgEIcHlwaS5vcmc", (URL64, 150))),
    Kind("pypirc", "", _pypirc, block=True),
    Kind("nuget", "nuget api key", shaped("oy2", (LOWNUM, 43))),
    Kind("nuget-config", "", _nuget_config, block=True),
    Kind("rubygems", "rubygems api key", shaped("rubygems_", (HEX, 48))),
    Kind("crates-io", "cargo registry token", shaped("cio", (B62, 32))),
    Kind("dockerhub", "docker token", shaped("dckr_pat_", (URL64, 27))),
    Kind("docker-config", "", _docker_auth, block=True),
    Kind("artifactory", "artifactory api key", shaped("AKCp", (B62, 69))),
    Kind("circleci", "circle token", shaped("CCIPAT_", (B62, 22), "_", (HEX, 40))),
    Kind("buildkite", "buildkite token", shaped("bkua_", (HEX, 40))),
    Kind("sonar", "sonar token", shaped("sqp_", (HEX, 40))),
    Kind("snyk", "snyk token", uuid, bare=False),
    Kind("codecov", "codecov token", uuid, bare=False),
    # chat and mail
    Kind("slack-bot", "slack bot token", shaped("xoxb-", (DIGITS, 12), "-", (DIGITS, 13), "-", (B62, 24))),
    Kind(
        "slack-user", "slack token", shaped("xoxp-", (DIGITS, 12), "-", (DIGITS, 12), "-", (DIGITS, 13), "-", (HEX, 32))
    ),
    Kind("slack-app", "slack app token", shaped("xapp-1-A", (UPNUM, 10), "-", (DIGITS, 13), "-", (HEX, 64))),
    Kind("slack-config", "slack config token", shaped("xoxe.xoxp-1-", (B62, 163))),
    Kind(
        "slack-webhook",
        "",
        shaped("https://hooks.slack.com/services/T", (UPNUM, 10), "/B", (UPNUM, 10), "/", (B62, 24)),
        block=True,
    ),
    Kind("discord-bot", "discord token", _discord),
    Kind(
        "discord-webhook", "", shaped("https://discord.com/api/webhooks/", (DIGITS, 18), "/", (URL64, 68)), block=True
    ),
    Kind("telegram-bot", "telegram bot token", shaped((DIGITS, 10), ":AA", (URL64, 33))),
    Kind("teams-webhook", "", _teams, block=True),
    Kind("sendgrid", "sendgrid api key", shaped("SG.", (URL64, 22), ".", (URL64, 43))),
    Kind("mailgun", "mailgun api key", shaped("key-", (HEX, 32))),
    Kind("mailgun-new", "mailgun api key", shaped((HEX, 32), "-", (HEX, 8), "-", (HEX, 8)), bare=False),
    Kind("mailchimp", "mailchimp api key", shaped((HEX, 32), "-us", (DIGITS, 2))),
    Kind("postmark", "postmark server token", uuid, bare=False),
    Kind("brevo", "brevo api key", shaped("xkeysib-", (HEX, 64), "-", (B62, 16))),
    Kind("resend", "resend api key", shaped("re_", (B62, 8), "_", (B62, 24))),
    Kind("mandrill", "mandrill api key", shaped("md-", (B62, 22)), bare=False),
    Kind("twilio-key", "twilio api key", shaped("SK", (HEX, 32))),
    Kind("twilio-auth", "twilio auth token", shaped((HEX, 32)), bare=False),
    # payment
    Kind("stripe-live", "stripe secret key", shaped("sk_live_51", (B62, 97))),
    Kind("stripe-old", "stripe secret key", shaped("sk_live_", (B62, 24))),
    Kind("stripe-test", "stripe api key", shaped("sk_test_", (B62, 24))),
    Kind("stripe-restricted", "stripe key", shaped("rk_live_", (B62, 99))),
    Kind("stripe-webhook", "stripe webhook secret", shaped("whsec_", (B62, 32))),
    Kind("square", "square access token", shaped("EAAA", (URL64, 60))),
    Kind("square-oauth", "square secret", shaped("sq0csp-", (URL64, 43))),
    Kind("paypal-secret", "paypal client secret", shaped("E", (URL64, 79)), bare=False),
    Kind("braintree", "braintree access token", shaped("access_token$production$", (LOWNUM, 16), "$", (HEX, 32))),
    Kind("adyen", "adyen api key", shaped("AQE", (B64, 90), "=-", (B64, 44), "=-", (B62, 14)), bare=False),
    Kind("razorpay", "razorpay key", shaped("rzp_live_", (B62, 14))),
    Kind("plaid", "plaid access token", lambda r: "access-production-" + uuid(r)),
    Kind("shopify", "shopify access token", shaped("shpat_", (HEX, 32))),
    Kind("coinbase", "coinbase secret", shaped((URL64, 64)), bare=False),
    # models
    Kind("openai-legacy", "openai api key", shaped("sk-", (B62, 20), "T3BlbkFJ", (B62, 20))),
    Kind("openai-project", "openai api key", shaped("sk-proj-", (URL64, 74), "T3BlbkFJ", (URL64, 74))),
    Kind("openai-service", "openai api key", shaped("sk-svcacct-", (URL64, 74), "T3BlbkFJ", (URL64, 74))),
    Kind("openai-admin", "openai admin key", shaped("sk-admin-", (URL64, 58), "T3BlbkFJ", (URL64, 58))),
    Kind("anthropic", "anthropic api key", shaped("sk-ant-api03-", (URL64, 93), "AA")),
    Kind("anthropic-oauth", "claude token", shaped("sk-ant-oat01-", (URL64, 93), "AA")),
    Kind("mistral", "mistral api key", shaped((B62, 32)), bare=False),
    Kind("groq", "groq api key", shaped("gsk_", (B62, 52))),
    Kind("huggingface", "hf token", shaped("hf_", (string.ascii_letters, 34))),
    Kind("replicate", "replicate api token", shaped("r8_", (B62, 37))),
    Kind("cohere", "cohere api key", shaped((B62, 40)), bare=False),
    Kind("xai", "xai api key", shaped("xai-", (B62, 80))),
    Kind("perplexity", "perplexity api key", shaped("pplx-", (B62, 48))),
    Kind("openrouter", "openrouter api key", shaped("sk-or-v1-", (HEX, 64))),
    Kind("deepseek", "deepseek api key", shaped("sk-", (HEX, 32))),
    Kind("fireworks", "fireworks api key", shaped("fw_", (B62, 24))),
    Kind("together", "together api key", shaped((HEX, 64)), bare=False),
    Kind("pinecone", "pinecone api key", shaped("pcsk_", (B62, 6), "_", (B62, 63))),
    Kind("langsmith", "langsmith api key", shaped("lsv2_pt_", (HEX, 32), "_", (HEX, 10))),
    Kind("langfuse", "langfuse secret key", lambda r: "sk-lf-" + uuid(r)),
    Kind("wandb", "wandb api key", shaped((HEX, 40)), bare=False),
    Kind("elevenlabs", "elevenlabs api key", shaped("sk_", (HEX, 48))),
    Kind("tavily", "tavily api key", shaped("tvly-", (B62, 32))),
    Kind("nvidia", "nvidia api key", shaped("nvapi-", (URL64, 64))),
    # monitoring, work and data
    Kind("datadog-api", "datadog api key", shaped((HEX, 32)), bare=False),
    Kind("datadog-app", "dd app key", shaped((HEX, 40)), bare=False),
    Kind("newrelic-user", "new relic api key", shaped("NRAK-", (UPNUM, 27))),
    Kind("newrelic-license", "new relic license key", shaped((HEX, 36), "NRAL"), bare=False),
    Kind("sentry-org", "sentry auth token", lambda r: "sntrys_eyJpYXQiOjE3" + run(r, B64, 120) + "_" + run(r, B64, 43)),
    Kind("sentry-user", "sentry auth token", shaped("sntryu_", (HEX, 64))),
    Kind("grafana-service", "grafana token", shaped("glsa_", (B62, 32), "_", (HEX, 8))),
    Kind("grafana-cloud", "grafana token", lambda r: "glc_eyJvIjoi" + run(r, B62, 90)),
    Kind("dynatrace", "dynatrace token", shaped("dt0c01.", (UPNUM, 24), ".", (UPNUM, 64))),
    Kind("posthog", "posthog api key", shaped("phx_", (B62, 43))),
    Kind("honeycomb", "honeycomb api key", shaped((B62, 22)), bare=False),
    Kind("launchdarkly", "launchdarkly sdk key", lambda r: "sdk-" + uuid(r)),
    Kind("notion", "notion token", shaped("ntn_", (DIGITS, 11), (B62, 35))),
    Kind("notion-old", "notion token", shaped("secret_", (B62, 43))),
    Kind("linear", "linear api key", shaped("lin_api_", (B62, 40))),
    Kind("figma", "figma token", shaped("figd_", (URL64, 40))),
    Kind("airtable", "airtable token", shaped("pat", (B62, 14), ".", (HEX, 64))),
    Kind("asana", "asana token", shaped("1/", (DIGITS, 16), ":", (HEX, 32)), bare=False),
    Kind("hubspot", "hubspot token", lambda r: "pat-na1-" + uuid(r)),
    Kind("postman", "postman api key", shaped("PMAK-", (HEX, 24), "-", (HEX, 34))),
    Kind("okta", "okta api token", shaped("00", (URL64, 40)), bare=False),
    Kind("auth0-secret", "auth0 client secret", shaped((URL64, 64)), bare=False),
    Kind("onepassword-service", "op service account token", lambda r: "ops_eyJ" + run(r, B62, 260)),
    Kind("snowflake", "snowflake password", password, bare=False),
    Kind("facebook", "facebook access token", shaped("EAAC", (B62, 150))),
    Kind("twitter-bearer", "twitter bearer token", shaped("AAAAAAAAAAAAAAAAAAAAA", (B62 + "%", 90))),
    Kind("dropbox", "dropbox access token", shaped("sl.B", (URL64, 134))),
    Kind("algolia", "algolia admin api key", shaped((HEX, 32)), bare=False),
    Kind("mapbox-secret", "mapbox token", lambda r: "sk.eyJ1Ijoi" + run(r, B62, 60) + "." + run(r, URL64, 22)),
    # by form
    Kind("jwt", "token", jwt),
    Kind("rsa-key", "", _pem("RSA PRIVATE KEY"), block=True),
    Kind("pkcs8-key", "", _pem("PRIVATE KEY"), block=True),
    Kind("openssh-key", "", _pem("OPENSSH PRIVATE KEY"), block=True),
    Kind("ec-key", "", _pem("EC PRIVATE KEY"), block=True),
    Kind("pgp-key", "", _pgp, block=True),
    Kind("putty-key", "", _putty, block=True),
    Kind("age-key", "", shaped("AGE-SECRET-KEY-1", (BECH32, 58)), block=True),
    Kind("postgres-url", "database url", _url("postgres", "postgresql", "postgresql+asyncpg")),
    Kind("mysql-url", "database url", _url("mysql", "mysql+pymysql")),
    Kind("mongodb-url", "mongo uri", _url("mongodb", "mongodb+srv")),
    Kind("redis-url", "redis url", _url("redis", "rediss", name=False)),
    Kind("amqp-url", "broker url", _url("amqp", "amqps")),
    Kind("http-url", "proxy", _url("http", "https", "ftp")),
    Kind("jdbc-url", "", _jdbc, block=True),
    Kind("libpq-dsn", "", _dsn, block=True),
    Kind("bearer-header", "", _bearer, block=True),
    Kind("basic-header", "", _basic, block=True),
    Kind("curl-user", "", _curl_user, block=True),
    Kind("command-flag", "", _flag, block=True),
    Kind("netrc", "", _netrc, block=True),
    Kind("pgpass", "", _pgpass, block=True),
    Kind("kubeconfig", "", _kubeconfig, block=True),
    Kind("k8s-secret", "", _k8s_secret, block=True),
    Kind("htpasswd", "", _htpasswd, block=True),
    Kind("shadow", "", _shadow, block=True),
    Kind("otpauth", "", _otpauth, block=True),
    Kind("wif", "private key", _wif),
    Kind("ethereum-key", "private key", shaped("0x", (HEX, 64)), bare=False),
    Kind("password-assigned", "db password", password, bare=False),
    Kind("password-short-name", "pwd", password, bare=False),
    Kind("passphrase", "passphrase", lambda r: "-".join(r.choice(WORDS) for _ in range(4)), bare=False),
    Kind("secret-assigned", "app secret", shaped((B62, 24, 40)), bare=False),
    Kind("django-secret", "secret key", shaped((LOWNUM + "!@#%^&*(-_=+)", 50)), bare=False),
    Kind("token-assigned", "auth token", shaped((HEX, 32, 48)), bare=False),
    Kind("api-key-assigned", "api key", shaped((B62, 20, 40)), bare=False),
    Kind("hmac-assigned", "signing secret", shaped((HEX, 64)), bare=False),
    Kind("password-told", "", _told, block=True),
    Kind("pin-told", "", _pin, block=True),
)
