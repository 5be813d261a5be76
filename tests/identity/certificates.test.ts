import { X509Certificate } from "node:crypto";
import { describe, expect, it } from "vitest";
import { createAuthority, createServerCertificate, needsRenewal } from "../../components/identity/certificates";

const NOW = Date.UTC(2026, 0, 1);
const DAY = 24 * 60 * 60 * 1000;
const HOSTS = ["hub.example.com", "localhost", "127.0.0.1", "2001:db8::1"];

describe("the authority and the hub's certificate", async () => {
	const authority = await createAuthority(NOW);
	const made = await createServerCertificate(authority, HOSTS, NOW);
	const ca = new X509Certificate(made.caPem);
	const server = new X509Certificate(made.serverCert);

	it("chain, and only the authority may sign", () => {
		expect(server.checkIssued(ca)).toBe(true);
		expect(server.verify(ca.publicKey)).toBe(true);
		expect(ca.ca).toBe(true);
		expect(server.ca).toBe(false);
	});

	it("cover host names and addresses, and no others", () => {
		expect(server.checkHost("hub.example.com")).toBe("hub.example.com");
		expect(server.checkIP("127.0.0.1")).toBe("127.0.0.1");
		expect(server.checkIP("2001:db8::1")).toBe("2001:db8::1");
		expect(server.checkHost("other.example.com")).toBeUndefined();
		expect(server.checkIP("127.0.0.2")).toBeUndefined();
	});

	it("hold for a device whose clock is almost a year behind", () => {
		for (const certificate of [ca, server]) {
			expect(Date.parse(certificate.validFrom)).toBeLessThanOrEqual(NOW - 364 * DAY);
		}
		expect(Date.parse(server.validTo)).toBe(made.serverEnds);
		expect(made.serverEnds).toBe(NOW + 730 * DAY);
		expect(Date.parse(ca.validTo)).toBe(NOW + 3650 * DAY);
	});

	it("may be used for a server's TLS only, with keys that match", () => {
		expect(server.keyUsage).toEqual(["1.3.6.1.5.5.7.3.1"]);
		expect(server.publicKey.asymmetricKeyDetails?.namedCurve).toBe("prime256v1");
	});

	it("may be used for both ends of a route where that is asked for", async () => {
		const peer = new X509Certificate((await createServerCertificate(authority, HOSTS, NOW, "peer")).serverCert);
		expect(peer.keyUsage).toEqual(["1.3.6.1.5.5.7.3.1", "1.3.6.1.5.5.7.3.2"]);
	});

	it("never outlive the authority", async () => {
		const late = await createServerCertificate(authority, HOSTS, made.caEnds - 30 * DAY);
		expect(late.serverEnds).toBe(made.caEnds);
	});

	it("are renewed by the same authority, with a new key", async () => {
		const renewed = await createServerCertificate(authority, HOSTS, NOW + 700 * DAY);
		expect(new X509Certificate(renewed.serverCert).verify(ca.publicKey)).toBe(true);
		expect(renewed.caPem).toBe(made.caPem);
		expect(renewed.serverKey).not.toBe(made.serverKey);
	});
});

describe("renewal", () => {
	const made = { serverEnds: NOW + 730 * DAY, hosts: ["a", "b"] };

	it("waits until 90 days before the end", () => {
		expect(needsRenewal(made, ["a", "b"], made.serverEnds - 90 * DAY)).toBe(false);
		expect(needsRenewal(made, ["a", "b"], made.serverEnds - 90 * DAY + 1)).toBe(true);
	});

	it("comes with other hosts, not with another order", () => {
		expect(needsRenewal(made, ["b", "a"], NOW)).toBe(false);
		expect(needsRenewal(made, ["a"], NOW)).toBe(true);
		expect(needsRenewal(made, ["a", "b", "c"], NOW)).toBe(true);
	});
});
