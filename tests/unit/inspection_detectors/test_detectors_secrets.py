"""Credentials: each kind in the writings that people paste."""

from collections.abc import Callable

import pytest

from gateway.inspection.detectors.catalogue import load_catalogue
from gateway.inspection.detectors.rules import fill

Types = Callable[[str, str], set[str]]


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        ("-----BEGIN EC PRIVATE KEY-----\n{b64:64}\n-----END EC PRIVATE KEY-----", "PRIVATE_KEY"),
        ('{"key": "-----BEGIN PRIVATE KEY-----\\\\n{b64:64}\\\\n"}', "PRIVATE_KEY"),
        ("> -----BEGIN RSA PRIVATE KEY-----\n> {b64:64}", "PRIVATE_KEY"),
        ("export AWS_ACCESS_KEY_ID=AKIA{upper:16}", "AWS_ACCESS_KEY"),
        ("aws_secret_access_key={b64:40}", "AWS_SECRET_KEY"),
        ("https://maps.example.org/?key=AIza{b62:35}", "GCP_API_KEY"),
        ("AccountName=x;AccountKey={b64:86}==;", "AZURE_SECRET"),
        ("git clone https://ada:ghp_{b62:36}@github.com/a/b", "GITHUB_TOKEN"),
        ("PRIVATE-TOKEN: glpat-{b62:20}", "GITLAB_TOKEN"),
        ("SLACK=xoxb-{digit:12}-{digit:12}-{b62:24}", "SLACK_TOKEN"),
        ("https://hooks.slack.com/services/T{upper:8}/B{upper:8}/{b62:24}", "SLACK_WEBHOOK"),
        ("stripe.api_key = 'sk_live_{b62:24}'", "STRIPE_KEY"),
        ("OPENAI_API_KEY=sk-proj-{b62:120}", "OPENAI_KEY"),
        ("x-api-key: sk-ant-api03-{b62:93}AA", "ANTHROPIC_KEY"),
        ("NPM_TOKEN=npm_{b62:36}", "NPM_TOKEN"),
        ("password = pypi-AgEIcHlwaS5vcmc{b62:100}", "PYPI_TOKEN"),
        ("TWILIO_SID=AC{hex:32}", "TWILIO_KEY"),
        ("SG.{b62:22}.{b62:43}", "SENDGRID_KEY"),
        ("Authorization: Bearer {b62:48}", "BEARER_TOKEN"),
        ("cookie: t=eyJhbGciOiJIUzI1NiIsInR5cCI6IkpXVCJ9.eyJzdWIiOiIxMjM0In0.{b62:43}", "JWT"),
        ("DATABASE_URL=postgresql+psycopg://app:{b62:14}@db:5432/app", "CREDENTIAL_URL"),
        ('{"password": "Winter-Sonne77"}', "PASSWORD"),
        ("my password is Winter-Sonne77, why can't I log in?", "PASSWORD"),
        ("client_secret: {hex:40}", "API_KEY"),
    ],
)
def test_a_credential_is_found_where_people_paste_it(types_of: Types, text: str, wanted: str) -> None:
    """In settings, headers, URLs, JSON, quoted mail."""
    assert wanted in types_of("secrets", fill(text))


@pytest.mark.parametrize(
    "text",
    [
        "How do I rotate an API key in AWS?",
        "api_key = os.environ['OPENAI_API_KEY']",
        "OPENAI_API_KEY=sk-...",
        "password: str = Field(min_length=8)",
        "def login(username, password): ...",
        "commit 9fceb02d0ae598e95dc970b74767f19372d61af8",
        "sha256:e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
        "id: 123e4567-e89b-12d3-a456-426614174000",
        "ssh-rsa {b64:372} ada@laptop",
        "data:image/png;base64,{b64:400}",
        "-----BEGIN CERTIFICATE-----\n{b64:64}",
        "<input type='password' name='password' value=''>",
        "token = jwt.encode(payload, key)",
        "postgres://localhost:5432/app",
        "The secret of good bread is time.",
    ],
)
def test_what_only_looks_like_a_credential_is_left_alone(types_of: Types, text: str) -> None:
    """Code, hashes, public keys and questions must reach the outside, or the gateway is of no use to developers."""
    assert types_of("secrets", fill(text)) == set()


def test_every_secret_of_the_catalogue_has_a_rule(detectors: dict[str, object]) -> None:
    """The group ``secrets`` and the file agree."""
    assert detectors["secrets"].entity_types == load_catalogue().groups["secrets"]  # type: ignore[attr-defined]


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        ("VERCEL_TOKEN={b62:24}", "API_KEY"),
        ("fly deploy --access-token {b62:40} now", "API_KEY"),
        ("ENV DATADOG_API_KEY {hex:32}", "API_KEY"),
        ("| api key | {b62:32} |", "API_KEY"),
        ("Unser API-Key lautet {b62:32}, leider kommt 401.", "API_KEY"),
        ("AKIA{upper:16}\n{b64:40}", "AWS_SECRET_KEY"),
        ("glrtr-{b62:20}", "GITLAB_TOKEN"),
        ("sk-or-v1-{hex:64}", "OPENAI_KEY"),
        ("mysql -u root -p{b62:12} shop", "PASSWORD"),
        ("machine acme.net login ada password Winter-Sonne77", "PASSWORD"),
        ("root:$6${b62:16}${b62:86}:19700:0:99999:7:::", "PASSWORD"),
        ("La password è Kestrel372*", "PASSWORD"),
        ("my PIN is 4831", "PASSWORD"),
        ("seed phrase: legal winner thank year wave sausage worth useful legal winner thank yellow", "PRIVATE_KEY"),
        ("otpauth://totp/acme:ada?secret={upper:32}", "API_KEY"),
        ("{hex:32}-us12", "VENDOR_TOKEN"),
        ("{b62:14}.atlasv1.{b62:67}", "VENDOR_TOKEN"),
        ("whoami: s.aB3{b62:21}", "VENDOR_TOKEN"),
    ],
)
def test_further_kinds_and_places(types_of: Types, text: str, wanted: str) -> None:
    """Flags, tables, sentences in other languages, files of programs, tokens that name themselves."""
    assert wanted in types_of("secrets", fill(text))
