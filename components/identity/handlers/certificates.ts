import { UserError } from "../../../system/user-error";
import { type Handler, type Props, UNKNOWN } from "../../streams/provider/handler";
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
}

/**
 * Makes a certificate authority once, and certificates for the hub as often as they are due. The authority is in the
 * bundle of every device and stays.
 */
export const certificates: Handler = {
	async check(_olds, news) {
		const { hosts } = news as { hosts?: unknown };
		const isList = Array.isArray(hosts) && hosts.length > 0 && hosts.every((host) => typeof host === "string" && host);
		if (isList || JSON.stringify(hosts ?? null).includes(UNKNOWN)) return { inputs: news };
		return { inputs: news, failures: [{ property: "hosts", reason: "must name at least one host or address" }] };
	},

	async diff(_id, olds, news) {
		if (JSON.stringify(news).includes(UNKNOWN)) return { changes: true };
		const otherUse = state(olds).use !== state(news).use;
		return { changes: otherUse || needsRenewal(state(olds), hostsOf(news), Date.now()) };
	},

	async create(inputs) {
		const now = Date.now();
		const made = await createServerCertificate(await createAuthority(now), hostsOf(inputs), now, state(inputs).use);
		return { id: `certificates-${Math.floor(now / 1000)}`, outs: { ...inputs, ...made } };
	},

	async read(id, props) {
		const { hosts, use } = state(props);
		return { id, props, inputs: { hosts, ...(use !== undefined && { use }) } };
	},

	async update(_id, olds, news) {
		const { caPem, caKey, caEnds } = state(olds);
		if (caEnds < Date.now()) {
			throw new UserError("the certificate authority has ended; give every device a new one (replace this resource)");
		}
		const authority = { caPem, caKey, caEnds };
		const made = await createServerCertificate(authority, hostsOf(news), Date.now(), state(news).use);
		return { outs: { ...news, ...made } };
	},

	async delete() {},
};

function state(props: Props): State {
	return props as unknown as State;
}

function hostsOf(props: Props): string[] {
	return props.hosts as string[];
}
