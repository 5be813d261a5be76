import { isDeepStrictEqual } from "node:util";
import type { AuthorityRotation } from "../../../config/model";
import { UserError } from "../../../system/user-error";
import { authorityStep } from "../../../topology/authority";
import { type Handler, type Props, UNKNOWN } from "../../streams/provider/handler";
import { type Authorities, trusted, turnAuthorities } from "../authorities";
import {
	type Certificates,
	type CertificateUse,
	createAuthority,
	createServerCertificate,
	needsRenewal,
} from "../certificates";

/** Properties in the state: what was asked for, and what was made for it. */
interface State extends Certificates {
	readonly hosts: readonly string[];
	/** Absent for `server`, as in states that are older than the other use. */
	readonly use?: CertificateUse;
	/** Absent where the authority was never replaced. */
	readonly authority?: AuthorityRotation;
	/** Of two, all of both; `caPem` then holds what is trusted, and `caKey` the key of the one that signs. Absent for one. */
	readonly authorities?: Authorities;
}

/**
 * Makes a certificate authority once, and certificates for the hub as often as they are due. The authority is in the
 * bundle of every device, so another one comes beside it first, signs when that is asked for, and is then alone.
 */
export const certificates: Handler = {
	async check(olds, news) {
		const { hosts } = news as { hosts?: unknown };
		// One that is made begins where the fleet file says: nobody knows another authority.
		const step = olds.hosts === undefined ? "nothing" : authorityStep(state(olds).authority, state(news).authority);
		if (typeof step === "object") {
			return { inputs: news, failures: [{ property: "", reason: `authority: ${step.message}; ${step.remedy}` }] };
		}
		const isList = Array.isArray(hosts) && hosts.length > 0 && hosts.every((host) => typeof host === "string" && host);
		if (isList || JSON.stringify(hosts ?? null).includes(UNKNOWN)) return { inputs: news };
		return { inputs: news, failures: [{ property: "hosts", reason: "must name at least one host or address" }] };
	},

	async diff(_id, olds, news) {
		if (JSON.stringify(news).includes(UNKNOWN)) return { changes: true };
		const otherUse = state(olds).use !== state(news).use;
		const otherAuthority = !isDeepStrictEqual(state(olds).authority, state(news).authority);
		return { changes: otherUse || otherAuthority || needsRenewal(state(olds), hostsOf(news), Date.now()) };
	},

	async create(inputs) {
		const now = Date.now();
		const made = await createServerCertificate(await createAuthority(now), hostsOf(inputs), now, state(inputs).use);
		return { id: `certificates-${Math.floor(now / 1000)}`, outs: { ...inputs, ...made } };
	},

	async read(id, props) {
		const { hosts, use, authority } = state(props);
		const asked = { ...(use !== undefined && { use }), ...(authority !== undefined && { authority }) };
		return { id, props, inputs: { hosts, ...asked } };
	},

	async update(_id, olds, news) {
		const now = Date.now();
		const was = state(olds);
		const step = authorityStep(was.authority, state(news).authority);
		if (typeof step === "object") throw new UserError(`authority: ${step.message}; ${step.remedy}`);
		const before = authoritiesOf(was);
		const after = await turnAuthorities(before, step, now);
		if (after.signs.caEnds < now) {
			throw new UserError(
				"the certificate authority has ended: replace it at once (docs/operations.md, Certificates and credentials)",
			);
		}
		const isSame = after.signs.caPem === before.signs.caPem && was.use === state(news).use;
		// Devices are given another authority first; the hub's certificate, which nodes reload, stays as it is.
		const made =
			isSame && !needsRenewal(was, hostsOf(news), now)
				? { serverCert: was.serverCert, serverKey: was.serverKey, serverEnds: was.serverEnds }
				: await createServerCertificate(after.signs, hostsOf(news), now, state(news).use);
		const two = after.other === undefined ? {} : { authorities: after };
		return { outs: { ...news, ...made, ...after.signs, ...two, caPem: trusted(after) } };
	},

	async delete() {},
};

function authoritiesOf({ authorities, caPem, caKey, caEnds }: State): Authorities {
	return authorities ?? { signs: { caPem, caKey, caEnds } };
}

function state(props: Props): State {
	return props as unknown as State;
}

function hostsOf(props: Props): string[] {
	return props.hosts as string[];
}
