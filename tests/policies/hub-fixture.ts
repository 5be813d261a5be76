import type {
	Design,
	DesignIngress,
	DesignInstance,
	DesignParameter,
	DesignServer,
	DesignVolume,
} from "../../policies/model";
import { compliantDesign } from "./fixture";

/** The compliant design with one more rule that lets traffic in: by default the Internet, to 7422/tcp. */
export function letIn(change: Partial<DesignIngress>): Design {
	const design = compliantDesign();
	const rule: DesignIngress = {
		origin: { label: "more" },
		protocol: "tcp",
		fromPort: 7422,
		toPort: 7422,
		cidrs: ["0.0.0.0/0"],
		prefixLists: [],
		groups: [],
	};
	return { ...design, ingress: [...design.ingress, { ...rule, ...change }] };
}

export function withInstance(change: Partial<DesignInstance>): Design {
	const design = compliantDesign();
	return { ...design, instances: design.instances.map((instance) => ({ ...instance, ...change })) };
}

export function withVolume(change: Partial<DesignVolume>): Design {
	const design = compliantDesign();
	return { ...design, volumes: design.volumes.map((volume) => ({ ...volume, ...change })) };
}

/** The compliant design with one parameter changed. */
export function withParameter(label: string, change: Partial<DesignParameter>): Design {
	const design = compliantDesign();
	const parameters = design.parameters.map((one) => (one.origin.label === label ? { ...one, ...change } : one));
	return { ...design, parameters };
}

export function withServer(label: string, change: Partial<DesignServer>): Design {
	const design = compliantDesign();
	const servers = design.servers.map((server) => (server.origin.label === label ? { ...server, ...change } : server));
	return { ...design, servers };
}

/** The compliant design with settings of one server's configuration changed; `undefined` takes one out. */
export function withConf(label: string, change: Readonly<Record<string, unknown>>): Design {
	const server = compliantDesign().servers.find(({ origin }) => origin.label === label);
	if (typeof server?.conf !== "object") throw new Error(`the design has no configuration of ${label}`);
	return withServer(label, { conf: { ...server.conf, ...change } });
}

/** The compliant design with the connection of one device to the hub changed; `undefined` takes a setting out. */
export function withRemote(change: Readonly<Record<string, unknown>>): Design {
	const remote = { urls: ["tls://hub.example:7422"], credentials: "device.creds", tls: { ca_file: "ca.pem" } };
	return withConf("edge1", { leafnodes: { remotes: [{ ...remote, ...change }] } });
}
