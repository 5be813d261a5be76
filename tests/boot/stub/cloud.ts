import { randomBytes } from "node:crypto";
import { serve } from "./http";
import { type Instance, metadata } from "./metadata";
import { type Store, services } from "./services";
import { signatureProblem } from "./signature";

/** The parts of AWS that a hub's machine talks to, in the network of the test. */
export interface Cloud extends Store {
	readonly instance: Instance;
	/** Every request, `imds GET /latest/…` or `ssm AmazonSSM.GetParametersByPath`. */
	readonly requests: readonly string[];
	/** What was wrong with requests: not signed by the machine's role, or not understood. */
	readonly problems: string[];
	close(): Promise<void>;
}

/** Where the machine finds it; the root image's AWS configuration names the second. */
export const METADATA_HOST = "169.254.169.254";
const SERVICES_PORT = 443;

export async function startCloud(host: string, region: string, address: string): Promise<Cloud> {
	const problems: string[] = [];
	const requests: string[] = [];
	const complain = (text: string) => problems.push(text);
	const store: Store = { parameters: new Map(), objects: new Map(), logs: [], figures: [] };
	const instance: Instance = {
		id: `i-${randomBytes(9).toString("hex").slice(0, 17)}`,
		type: "c7i.large",
		region,
		address,
		role: "leafline-prod-hub",
		credentials: {
			accessKeyId: `ASIA${randomBytes(8).toString("hex").toUpperCase()}`,
			secretAccessKey: randomBytes(30).toString("base64"),
			token: randomBytes(120).toString("base64"),
		},
		userData: "",
	};
	const tell = metadata(instance);
	const about = await serve(
		METADATA_HOST,
		80,
		({ method = "", url = "", headers }) => {
			requests.push(`imds ${method} ${url}`);
			return tell(method, url, headers as Record<string, string>);
		},
		complain,
	);
	const answer = services(store);
	const api = await serve(
		host,
		SERVICES_PORT,
		(request, body) => {
			const what = `${request.headers["x-amz-target"] ?? `${request.method} ${request.url}`}`;
			requests.push(`aws ${what}`);
			const problem = signatureProblem(request, body, instance.credentials, region);
			if (problem === undefined) return answer(request, body);
			complain(`${what}: ${problem}`);
			return { status: 403, body: problem };
		},
		complain,
	);
	return {
		...store,
		instance,
		requests,
		problems,
		async close() {
			for (const server of [about, api]) {
				server.closeAllConnections();
				await new Promise((resolve) => server.close(resolve));
			}
		},
	};
}
