import { createHash } from "node:crypto";
import { expect, it } from "vitest";
import { NODE, PARAMETER } from "../../render/node/files";
import { generationOf, renderRelease } from "../../render/node/parameters";
import type { Result } from "./eyes";
import { type Changes, objectOf, type Site } from "./site";

/** What an update of the stack does to a running machine. */
export function change(site: () => Site): void {
	const conf = `${NODE.confDir}/hub.conf`;
	const confText = () => site().world.parameters[PARAMETER.conf]?.value ?? "";
	const longer = () => ({ [PARAMETER.conf]: confText().replace(/^max_payload: .*$/m, "max_payload: 2000000") });
	const varz = async (name: string) => {
		const answer = JSON.parse(await site().machine.ask("curl -fsS http://127.0.0.1:8222/varz"));
		return answer[name] as unknown;
	};
	/** Which link the device has; another one after it was broken. */
	const link = async () => {
		const { leafs } = JSON.parse(await site().machine.ask("curl -fsS http://127.0.0.1:8222/leafz")) as Leafz;
		return leafs.find(({ name }) => name === "edge1")?.id;
	};
	const mainPid = () => site().machine.ask("systemctl show -p MainPID --value nats-hub.service");

	it("nothing has changed: nothing is done", async () => {
		const pid = await mainPid();
		const { code, output } = await apply(site());
		expect(code, output).toBe(0);
		expect(output).toMatch(/^nothing to do/m);
		expect(await mainPid()).toBe(pid);
	});

	it("a configuration that can be reloaded is reloaded: same process, no leaf loses its link", async () => {
		const [pid, before] = [await mainPid(), await link()];
		expect(before).toBeDefined();
		const { code, output } = await apply(site(), longer());
		console.log(indent(output));
		expect(code, output).toBe(0);
		expect(output).toMatch(/^reloaded$/m);
		expect(await varz("max_payload")).toBe(2_000_000);
		expect(await mainPid()).toBe(pid);
		expect(await link()).toBe(before);
	});

	it("a configuration that the server rejects is not installed, and the hub runs on", async () => {
		const [pid, before] = [await mainPid(), await site().machine.ask(`sha256sum ${conf}`)];
		const { code, output } = await apply(site(), { [PARAMETER.conf]: `${confText()}\nno_such_setting: true\n` });
		console.log(indent(output));
		expect(code).not.toBe(0);
		expect(output).toMatch(/^failed: nats-server refuses parameter .*hub\.conf: .*no_such_setting/m);
		expect(await site().machine.ask(`sha256sum ${conf}`)).toBe(before);
		expect(await mainPid()).toBe(pid);
		await site().healthy();
	});

	it("another server takes the place of the old one, in lame duck; one with another hash than was said does not", async () => {
		const { cloud, machine, server, world } = site();
		// As a new version would be: another file, which runs.
		const other = Buffer.concat([server, Buffer.from("another version\n")]);
		const object = `${objectOf(world.parameters[PARAMETER.release]?.value)}-other`;
		const sha256 = createHash("sha256").update(other).digest("hex");
		const release = renderRelease({ version: "2.15.2", url: `s3://${object}`, sha256 });
		const changes = { ...longer(), [PARAMETER.release]: release };
		const pid = await mainPid();
		cloud.objects.set(object, Buffer.concat([other, Buffer.from("!")]));
		const refused = await apply(site(), changes);
		expect(refused.output).toMatch(/^failed: s3:\/\/\S+ has sha256 [0-9a-f]{64}, not [0-9a-f]{64}: not used$/m);
		expect(refused.code).not.toBe(0);
		expect(await mainPid()).toBe(pid);
		cloud.objects.set(object, other);
		const { code, output } = await apply(site(), changes);
		console.log(indent(output));
		expect(code, output).toBe(0);
		expect(output).toMatch(/^restarting: another server$/m);
		expect(await mainPid()).not.toBe(pid);
		expect(await machine.ask("journalctl -q -o cat -u nats-hub.service")).toMatch(/lame duck/i);
	});
}

interface Leafz {
	readonly leafs: readonly { readonly id: number; readonly name: string }[];
}

/** Changes the parameters, and runs what Run Command would run. */
async function apply({ machine, publish, world }: Site, changes: Changes = {}): Promise<Result> {
	publish(changes);
	const texts = Object.entries(world.parameters).map(([name, { value }]) => [name, changes[name] ?? value]);
	const generation = generationOf(Object.fromEntries(texts));
	const { mainSteps } = JSON.parse(world.document) as { mainSteps: { inputs: { runCommand: string[] } }[] };
	const lines = mainSteps.flatMap(({ inputs }) => inputs.runCommand);
	const script = lines.join("\n").replace("{{ Generation }}", generation).replace("{{ Force }}", "0");
	return machine.run(script, 900_000);
}

function indent(text: string): string {
	return text.replace(/^/gm, "  ");
}
