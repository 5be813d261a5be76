import { createHash } from "node:crypto";
import type { AuthorityStep } from "../../topology/authority";
import { type CertificateAuthority, createAuthority } from "./certificates";

/** The authority that signs, and one that comes or goes. */
export interface Authorities {
	readonly signs: CertificateAuthority;
	readonly other?: CertificateAuthority;
}

/** @param now milliseconds since 1970 */
export async function turnAuthorities(
	{ signs, other }: Authorities,
	step: AuthorityStep,
	now: number,
): Promise<Authorities> {
	if (step === "make") return { signs, other: await createAuthority(now) };
	if (step === "drop") return { signs };
	return step === "swap" && other ? { signs: other, other: signs } : { signs, ...(other && { other }) };
}

/** PEM of all that devices are to trust, the oldest first. */
export function trusted({ signs, other }: Authorities): string {
	const all = other === undefined ? [signs] : [signs, other];
	return all
		.sort((a, b) => a.caEnds - b.caEnds)
		.map(({ caPem }) => caPem)
		.join("");
}

/** The certificates of a PEM file, one by one. */
export function certificatesIn(pem: string): string[] {
	return pem.match(/-----BEGIN CERTIFICATE-----[^-]+-----END CERTIFICATE-----/g) ?? [];
}

/** What stands in credentials for one authority. */
export function authorityTag(certificate: string): string {
	const der = Buffer.from(certificate.replace(/-----[^-]+-----|\s/g, ""), "base64");
	return `ca:${createHash("sha256").update(der).digest("hex").slice(0, 16)}`;
}

/**
 * Marks for a device's credentials: which authorities the `ca.pem` of the same bundle holds. The server tells of every
 * login which credentials it was, so it shows whose bundle has the new authority. None where there is one alone, so that
 * nobody's credentials change who never replaced it.
 */
export function authorityTags(caPem: string): string[] {
	const all = certificatesIn(caPem);
	return all.length < 2 ? [] : all.map(authorityTag);
}
