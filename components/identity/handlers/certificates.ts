import { UserError } from "../../streams/provider/errors";
import { type Handler, type Props, UNKNOWN } from "../../streams/provider/handler";
import { type Certificates, createAuthority, createServerCertificate, needsRenewal } from "../certificates";

/** Properties in the state: the hosts that were asked for, and what was made for them. */
interface State extends Certificates {
	readonly hosts: readonly string[];
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
		return { changes: needsRenewal(state(olds), hostsOf(news), Date.now()) };
	},

	async create(inputs) {
		const now = Date.now();
		const made = await createServerCertificate(await createAuthority(now), hostsOf(inputs), now);
		return { id: `certificates-${Math.floor(now / 1000)}`, outs: { ...inputs, ...made } };
	},

	async read(id, props) {
		return { id, props, inputs: { hosts: props.hosts } };
	},

	async update(_id, olds, news) {
		const { caPem, caKey, caEnds } = state(olds);
		if (caEnds < Date.now()) {
			throw new UserError("the certificate authority has ended; give every device a new one (replace this resource)");
		}
		const made = await createServerCertificate({ caPem, caKey, caEnds }, hostsOf(news), Date.now());
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
