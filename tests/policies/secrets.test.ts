import { gzipSync } from "node:zlib";
import { describe, expect, it } from "vitest";
import { secretsIn } from "../../policies/rules/hub/secrets";
import { renderReport } from "../../render/node/report";
import { renderUserData } from "../../render/node/script";
import { renderUnit } from "../../render/node/unit";

// Put together here, so that nobody's scanner takes them for real ones.
const seed = `SU${"A".repeat(56)}`;
const pem = `-----BEGIN EC PRIVATE${" "}KEY-----`;
const jwt = (type: string) => {
	const part = (value: unknown) => Buffer.from(JSON.stringify(value)).toString("base64url");
	return `${part({ typ: "JWT", alg: "ed25519-nkey" })}.${part({ nats: { type } })}.${"s".repeat(86)}`;
};
const base64 = (text: string) => Buffer.from(text).toString("base64");
const gzip = (text: string) => gzipSync(text).toString("base64");

describe("secrets with a form of their own", () => {
	const forms = [
		["an nkey seed", `seed: ${seed}`],
		["a private key", pem],
		["NATS credentials", "-----BEGIN NATS USER JWT-----"],
		["a JWT", `x=${jwt("user")}`],
		["an AWS access key", `AKIA${"X".repeat(16)}`],
		["an AWS secret key", `AWS_SECRET_ACCESS_KEY=${"w".repeat(40)}`],
		["a password in a URL", "nats://truck:pass@hub.example:4222"],
		["a token in a URL", "nats://s3cr3tToken@hub.example:4222"],
	] as const;

	it.each(forms)("%s", (kind, text) => {
		expect(secretsIn(`#!/bin/sh\n${text}\n`)).toContainEqual({ kind, line: 2, encoded: false });
		const packed = gzip(`# a file of the machine's own\n${text}\n`);
		expect(secretsIn(`write_files:\n- content: ${packed}\n`)).toContainEqual({ kind, line: 2, encoded: true });
	});

	it("in base64 over several lines", () => {
		const lines = base64(`# ${"-".repeat(30)}\nseed: ${seed}\n`).match(/.{1,64}/g) ?? [];
		expect(secretsIn(lines.join("\n    "))).toEqual([{ kind: "an nkey seed", line: 1, encoded: true }]);
	});

	it("in base64 before the end of a here-document", () => {
		const lines = base64(`# ${"-".repeat(40)}\nseed: ${seed}\n`).match(/.{1,48}/g) ?? [];
		expect(secretsIn(`base64 -d <<EOF\n${lines.join("\n")}\nEOF\n`)).toHaveLength(1);
	});

	it("stand in comments as well", () => expect(secretsIn(`# ${seed}\n`)).toHaveLength(1));

	it.each([
		jwt("operator"),
		`resolver: ${jwt("account")}`,
		`public key U${"A".repeat(55)}`,
		"nats://$USER:$PASSWORD@hub:4222",
		"https://example.com/a:b@c",
		"git clone ssh://git@github.com/nats-io/natscli",
		`sha256 ${"0123456789abcdef".repeat(4)}`,
	])("are none: %s", (text) => expect(secretsIn(text)).toEqual([]));
});

describe("secrets that are called so", () => {
	it.each([
		"export NATS_PASSWORD=4e2hunter",
		'Environment="NATS_PASSWORD=4e2hunter"',
		"dbPassword: 4e2hunter",
		'{ "user": "a", "password": "4e2hunter" }',
		"nats-server --user hub --pass 4e2hunter -js",
		'nats-server -c x.conf --auth="4e2hunter"',
		"nats --password '4e$hunter' stream ls",
		"docker run nats:2.15 --user a --pass 4e2hunter",
		"docker run -e API_TOKEN=4e2hunter x",
		"sshpass -p 4e2hunter ssh a@b",
		"curl -fsS -u admin:4e2hunter https://example.com",
		'echo "root:4e2hunter" | chpasswd',
		"plain_text_passwd: 4e2hunter",
		"authorization { user: a, password: 4e2hunter }",
		"authorization {\n  users [\n    { user a, password hunter2 }\n  ]\n}",
		"cat > x <<EOF\nADMIN = hunter2\nauthorization {\n  user a\n  password $ADMIN\n}\nEOF",
		"leafnodes {\n  authorization {\n    token x1\n  }\n}",
	])("%s", (text) => {
		expect(secretsIn(text)).not.toEqual([]);
		const packed = `#!/bin/sh\necho ${base64(`${text}\n`)} | base64 -d > /etc/x\n`;
		expect(secretsIn(packed)).toContainEqual(expect.objectContaining({ line: 2, encoded: true }));
	});

	it.each([
		'nats-server --user hub --pass "$NATS_PASSWORD"',
		"export NATS_PASSWORD=$" + "{NATS_PASSWORD:-}",
		"TOKEN=$(aws ssm get-parameter --with-decryption --name /x --query Parameter.Value --output text)",
		'TOKEN=`curl -sX PUT http://169.254.169.254/latest/api/token -H "X-aws-ec2-metadata-token-ttl-seconds: 21600"`',
		'curl -H "X-aws-ec2-metadata-token: $TOKEN" http://169.254.169.254/latest/meta-data/',
		"# NATS_PASSWORD=change-me",
		"  // password: change-me",
		"port: 4222 # password: change-me",
		"authorization { user: a, password: $2a$11$3kIDaCxw.Glsl1.u5nKa6eUnNDLV5HV9tIuUp7EHhMt6Nm9myW1aS }",
		'passwd: "$6$rounds=4096$abc$def"',
		"authorization { user: a, password: $NATS_PASSWORD }",
		'authorization { user: a, password: "$' + '{password}" }',
		"password_file: /run/secrets/nats",
		"TOKEN=/run/secrets/token",
		"lock_passwd: true",
		"http_tokens: required",
		"ssh_pwauth: false\nssh: { password: no }",
		"pass=0; fail=0",
		"PASS=$((PASS+1))",
		'[ "$TOKEN" = "" ] && exit 1',
		"PWD=/tmp",
		"password: '{{ vault_password }}'",
		"secret: arn:aws:secretsmanager:eu-central-1:123456789012:secret:x",
		"password = os.environ['NATS_PASSWORD']",
		"read -r -s -p 'Password: ' PASSWORD",
		"accounts { token { jetstream: enabled } }",
		'users:\n  - name: ops\n    passwd: "*"',
	])("are none: %s", (text) => expect(secretsIn(`#!/bin/sh\n${text}\n`)).toEqual([]));

	it("are none in what leafline puts on a node", () => {
		const userData = renderUserData({ region: "eu-central-1", path: "/leafline/prod/hub/1" });
		for (const text of [userData, renderUnit(), renderReport()]) expect(secretsIn(text)).toEqual([]);
	});
});

describe("what cloud-init takes", () => {
	const script = "#!/bin/sh\nP_PASS=hunter2\n";
	const mime = (...parts: string[]) =>
		['Content-Type: multipart/mixed; boundary="==B=="\nMIME-Version: 1.0\n', ...parts, "--==B==--\n"].join("\n");
	const part = (encoding: string, body: string) =>
		`--==B==\nContent-Type: text/x-shellscript\nContent-Transfer-Encoding: ${encoding}\n\n${body}\n`;
	it.each([
		["MIME", mime(part("7bit", script)), false],
		["MIME with base64", mime(part("base64", base64(script))), true],
		["MIME with gzip", mime(part("7bit", "true\n"), part("base64", gzip(script))), true],
		["MIME with short base64", mime(part("base64", base64("TOKEN=hunter2"))), true],
		["MIME with quoted-printable", mime(part("quoted-printable", "P_PASS=3Dhunter2")), true],
		["a cloud-config", "#cloud-config\nwrite_files:\n- path: /x\n  content: |\n    P_PASS=hunter2\n", false],
		[
			"a cloud-config with base64",
			`#cloud-config\nwrite_files:\n- encoding: b64\n  content: ${base64("A_PASS=abcd")}\n`,
			true,
		],
		["a cloud-config with gzip", `#cloud-config\nwrite_files:\n- encoding: gz+b64\n  content: ${gzip(script)}\n`, true],
		["a cloud-config with binary", `#cloud-config\nwrite_files:\n- content: !!binary ${base64("A_PASS=abcd")}\n`, true],
		["one in the other", `#!/bin/sh\necho ${base64(mime(part("base64", gzip(script))))}\n`, true],
	])("%s", (_, text, encoded) => {
		expect(secretsIn(text)).toContainEqual(expect.objectContaining({ kind: "a password or token", encoded }));
	});

	it("ends on a megabyte of anything", () => {
		for (const unit of ["a=", "QUJD\n", "authorization {", "<<EOF\nx\nEOF\n", "--pass ", "'", "write_files:\n"]) {
			expect(secretsIn(unit.repeat(100_000 / unit.length))).toEqual(expect.anything());
		}
	});
});
