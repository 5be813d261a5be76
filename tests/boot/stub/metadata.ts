import { randomBytes } from "node:crypto";
import type { Answer } from "./http";
import type { Credentials } from "./signature";

export interface Instance {
	readonly id: string;
	readonly type: string;
	readonly region: string;
	readonly address: string;
	readonly role: string;
	readonly credentials: Credentials;
	/** The script that the machine is given. */
	userData: string;
}

/** What an instance learns of itself, as version 2 of the instance metadata service tells it: not without a token. */
export function metadata(instance: Instance): (method: string, path: string, headers: Headers) => Answer {
	const tokens = new Set<string>();
	const tree = metadataTree(instance);
	return (method, path, headers) => {
		if (method === "PUT" && path === "/latest/api/token") {
			if (!headers["x-aws-ec2-metadata-token-ttl-seconds"]) return { status: 400 };
			const token = randomBytes(24).toString("base64");
			tokens.add(token);
			return { body: token, headers: { "x-aws-ec2-metadata-token-ttl-seconds": "21600" } };
		}
		if (method !== "GET") return { status: 405 };
		if (!tokens.has(headers["x-aws-ec2-metadata-token"] ?? "")) return { status: 401 };
		const [version = "", ...rest] = path.slice(1).split("/");
		if (version !== "latest" && !/^\d{4}-\d\d-\d\d$/.test(version)) return { status: 404 };
		if (rest.join("/") === "user-data") return { body: instance.userData };
		return look(tree, rest);
	};
}

type Headers = Readonly<Record<string, string | undefined>>;
interface Tree {
	readonly [name: string]: string | Tree;
}

function metadataTree({ id, type, region, address, role, credentials }: Instance): Tree {
	const zone = `${region}a`;
	const expiration = new Date(Date.now() + 6 * 60 * 60 * 1000).toISOString().replace(/\.\d+/, "");
	const key = {
		Code: "Success",
		LastUpdated: new Date().toISOString().replace(/\.\d+/, ""),
		Type: "AWS-HMAC",
		AccessKeyId: credentials.accessKeyId,
		SecretAccessKey: credentials.secretAccessKey,
		Token: credentials.token,
		Expiration: expiration,
	};
	const identity = { instanceId: id, instanceType: type, region, availabilityZone: zone, privateIp: address };
	return {
		dynamic: { "instance-identity": { document: JSON.stringify(identity) } },
		"meta-data": {
			"instance-id": id,
			"instance-type": type,
			hostname: `ip-${address.replaceAll(".", "-")}`,
			"local-hostname": `ip-${address.replaceAll(".", "-")}`,
			"local-ipv4": address,
			placement: { region, "availability-zone": zone },
			iam: { "security-credentials": { [role]: JSON.stringify(key) } },
			services: { domain: "amazonaws.com", partition: "aws" },
		},
	};
}

/** A folder is listed, its folders with a slash behind the name. */
function look(tree: Tree, path: readonly string[]): Answer {
	let place: string | Tree | undefined = tree;
	for (const name of path.filter((part) => part !== "")) {
		place = typeof place === "object" ? place[name] : undefined;
	}
	if (place === undefined) return { status: 404 };
	if (typeof place === "string") return { body: place };
	const names = Object.entries(place).map(([name, value]) => (typeof value === "string" ? name : `${name}/`));
	return { body: names.join("\n") };
}
