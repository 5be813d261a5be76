import * as pulumi from "@pulumi/pulumi";
import type { CertificateUse } from "../identity/certificates";
import { DynamicResource } from "../streams/dynamic";

/** What the nodes of a hub show each other on their routes. All PEM. */
export interface RouteCertificates {
	/** The authority that nodes trust on routes, and nowhere else: no certificate of the leaf port opens a route. */
	readonly ca: pulumi.Output<string>;
	/** One certificate for all nodes, for both ends of a route. */
	readonly cert: pulumi.Output<string>;
	/** Secret. */
	readonly key: pulumi.Output<string>;
}

/**
 * An authority of its own for the routes between the nodes of a hub, made once, and a certificate that is renewed 90
 * days before its end of 2 years, or for other hosts. Protect it where the hub is: nodes with the certificate of
 * another authority cannot join, so that a new one cannot be given to one node after the other.
 * @param hosts host names and IP addresses by which the nodes reach each other
 */
export function createRouteCertificates(
	name: string,
	hosts: pulumi.Input<pulumi.Input<string>[]>,
	opts?: pulumi.CustomResourceOptions,
): RouteCertificates {
	const made = new PeerCertificates(name, hosts, opts);
	return { ca: made.caPem, cert: made.serverCert, key: pulumi.secret(made.serverKey) };
}

class PeerCertificates extends DynamicResource {
	declare readonly caPem: pulumi.Output<string>;
	declare readonly serverCert: pulumi.Output<string>;
	declare readonly serverKey: pulumi.Output<string>;

	constructor(name: string, hosts: pulumi.Input<pulumi.Input<string>[]>, opts?: pulumi.CustomResourceOptions) {
		const use: CertificateUse = "peer";
		const made = { caPem: undefined, caKey: undefined, serverCert: undefined, serverKey: undefined };
		const additionalSecretOutputs = ["caKey", "serverKey"];
		super("certificates", "RouteCertificates", name, { hosts, use, ...made }, { ...opts, additionalSecretOutputs });
	}
}
