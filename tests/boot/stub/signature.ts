import { createHash, createHmac } from "node:crypto";
import type { IncomingMessage } from "node:http";

export interface Credentials {
	readonly accessKeyId: string;
	readonly secretAccessKey: string;
	readonly token: string;
}

/**
 * Whether a request is signed (AWS Signature Version 4) with these credentials, for this service and region.
 * @returns what is wrong, undefined when nothing is
 */
export function signatureProblem(
	request: IncomingMessage,
	body: Buffer,
	{ accessKeyId, secretAccessKey, token }: Credentials,
	region: string,
): string | undefined {
	const { authorization = "" } = request.headers;
	const parts = /^AWS4-HMAC-SHA256 Credential=([^,]+), ?SignedHeaders=([^,]+), ?Signature=([0-9a-f]{64})$/.exec(
		authorization,
	);
	if (!parts) return `not signed: ${authorization || "no Authorization header"}`;
	const [, credential = "", signedHeaders = "", signature] = parts;
	const [key, date = "", signedRegion = "", service = "", end] = credential.split("/");
	if (key !== accessKeyId) return `signed by ${key}, not by the machine's role`;
	if (signedRegion !== region || end !== "aws4_request") return `signed for ${signedRegion}, not for ${region}`;
	if (header(request, "x-amz-security-token") !== token) return "without the role's session token";
	const names = signedHeaders.split(";");
	for (const needed of ["host", "x-amz-date", "x-amz-security-token"]) {
		if (!names.includes(needed)) return `${needed} is not signed`;
	}
	const hash = header(request, "x-amz-content-sha256") ?? sha256(body);
	if (/^[0-9a-f]{64}$/.test(hash) && hash !== sha256(body)) return "the body is another than what was signed";
	const url = new URL(request.url ?? "/", "http://host");
	const canonical = [
		request.method,
		// S3 signs the path as it is sent; the other services have only "/" here.
		url.pathname,
		[...url.searchParams]
			.map(([name, value]) => `${encode(name)}=${encode(value)}`)
			.sort()
			.join("&"),
		...names.map((name) => `${name}:${(header(request, name) ?? "").trim().replace(/ +/g, " ")}`),
		"",
		signedHeaders,
		hash,
	].join("\n");
	const scope = [date, signedRegion, service, "aws4_request"];
	const text = ["AWS4-HMAC-SHA256", header(request, "x-amz-date"), scope.join("/"), sha256(canonical)].join("\n");
	const signingKey = scope.reduce<string | Buffer>((secret, part) => hmac(secret, part), `AWS4${secretAccessKey}`);
	return hmac(signingKey, text).toString("hex") === signature ? undefined : "the signature does not fit";
}

function header({ headers }: IncomingMessage, name: string): string | undefined {
	const value = headers[name];
	return Array.isArray(value) ? value.join(",") : value;
}

function encode(text: string): string {
	return encodeURIComponent(text).replace(/[!'()*]/g, (char) => `%${char.charCodeAt(0).toString(16).toUpperCase()}`);
}

function sha256(data: string | Buffer): string {
	return createHash("sha256").update(data).digest("hex");
}

function hmac(key: string | Buffer, text: string): Buffer {
	return createHmac("sha256", key).update(text).digest();
}
