import { createHash } from "node:crypto";
import { expect, it } from "vitest";
import { NODE, PARAMETER } from "../../render/node/files";
import { renderVolume } from "../../render/node/parameters";
import { eventually } from "../support/eventually";
import { MACHINE } from "./network";
import { scanTcp } from "./scan";
import { content, diskOf, type Site, serialOf, strayFiles, untouched } from "./site";
import { prodUserData } from "./world";

const NO_SUCH_VOLUME = "vol-0e0e0e0e0e0e0e0e4";

/** A new machine, whose volume is at first not the one that the parameters name. */
export function firstBoot(site: () => Site): void {
	let foreign = "";

	it("a volume that is not there: waits, then fails, and nothing is started or written", async () => {
		const { machine, disks, publish, said } = site();
		foreign = content(disks.foreign);
		publish({ [PARAMETER.volume]: renderVolume(NO_SUCH_VOLUME) });
		await machine.on([disks.foreign, disks.blank, disks.root, disks.data]);
		await said(/^waiting for the volume vol0e0e0e0e0e0e0e0e4$/, { within: 1_800_000 });
		expect((await scanTcp(MACHINE)).open).toEqual([]);
		const failure = await said(/^failed: no disk has the serial/, { within: 1_800_000 });
		expect(failure).toContain(disks.data.serial);
		await nothingDone(site(), foreign);
	});

	it("a volume that holds something, be it the root disk: refused, and nothing is written to it", async () => {
		const { publish, said, lines, disks } = site();
		for (const { serial } of [disks.foreign, disks.root]) {
			const since = (await lines()).length;
			publish({ [PARAMETER.volume]: `serial=${serial}\n` });
			await said(new RegExp(`^failed: volume ${serial} .*(neither blank nor leafline's|in use)`), {
				within: 1_800_000,
				since,
			});
			await nothingDone(site(), foreign);
		}
	});

	it("the right volume: formatted once, mounted, and the hub is healthy, without anybody's hand", async () => {
		const { machine, publish, said, lines, healthy, disks } = site();
		const since = (await lines()).length;
		publish();
		await said(/^healthy$/, { within: 1_800_000, since });
		await healthy();
		expect((await diskOf(machine, NODE.storeDir)).serial).toBe(serialOf(site().world));
		expect(await machine.ask(`findmnt -nro FSTYPE,OPTIONS ${NODE.mount}`)).toMatch(/^xfs \S*noatime/);
		expect((await lines()).filter((line) => /^formatting/.test(line))).toHaveLength(1);
		expect(await strayFiles(machine)).toBe("");
		expect(content(disks.foreign)).toBe(foreign);
		expect(untouched(disks.blank)).toBe(true);
	});

	it("the machine ran the very user-data, once, and signed all it asked of AWS with its role's credentials", async () => {
		const { machine, cloud, world } = site();
		const given = "/var/lib/cloud/instance/user-data.txt";
		expect(await machine.ask(`sha256sum < ${given}`)).toContain(sha256(world.userData));
		expect(cloud.problems).toEqual([]);
		const asked = cloud.requests.filter((request) => request.startsWith("aws "));
		expect(asked.some((request) => request.includes("GetParametersByPath"))).toBe(true);
		expect(asked.some((request) => request.startsWith("aws GET /"))).toBe(true);
		const by = (key: string) =>
			`AWS_ACCESS_KEY_ID=${cloud.instance.credentials.accessKeyId} AWS_SECRET_ACCESS_KEY=${key}`;
		const token = `AWS_SESSION_TOKEN=${cloud.instance.credentials.token} AWS_DEFAULT_REGION=${world.region}`;
		const command = `aws ssm get-parameters-by-path --path ${world.path} --max-items 1`;
		expect((await machine.run(`${by("guessed")} ${token} ${command}`)).code).not.toBe(0);
		expect(cloud.problems.splice(0)).toEqual(["AmazonSSM.GetParametersByPath: the signature does not fit"]);
	});

	it("user-data is prod's: of its first node the same, of the others but for the path", async () => {
		const { world } = site();
		const nodes = await prodUserData();
		expect(nodes).toHaveLength(3);
		nodes.forEach((text, index) => {
			expect(text.replace(`/hub/${index + 1}\n`, "/hub/1\n")).toBe(world.userData);
		});
	});

	it("its log is lines that a person can read, without a secret, and only the server reads the secrets' files", async () => {
		const { machine, lines, world } = site();
		const said = (await lines()).filter((line) => line !== "");
		console.log(said.map((line) => `  ${line}`).join("\n"));
		// biome-ignore lint/suspicious/noControlCharactersInRegex: that is what must not be there
		for (const line of said) expect(line).toMatch(/^[^\x00-\x1f]{1,400}$/);
		const everything = await machine.ask("journalctl -q -o cat; cat /var/log/cloud-init*.log");
		const secrets = Object.values(world.parameters).filter(({ secret }) => secret);
		expect(secrets).toHaveLength(1);
		// A line of the key, behind its heading.
		for (const { value } of secrets) expect(everything).not.toContain(value.split("\n")[1]);
		const modes = await machine.ask(
			`stat -L -c '%a %U:%G' ${NODE.confDir}/${PARAMETER.leafKey} ${NODE.confDir}/${PARAMETER.conf}`,
		);
		expect(modes.split("\n")).toEqual(["640 root:nats", "640 root:nats"]);
	});

	it("its journal and the fill level of its volume reach CloudWatch", async () => {
		const { cloud } = site();
		const line = "1: leafline-node: healthy";
		await eventually(() => cloud.logs.includes(line), { what: "the journal arrives", within: 1_800_000 });
		const told = () => cloud.figures.some((figure) => figure.includes("VolumeUsedPercent"));
		await eventually(told, { what: "the fill level arrives", within: 1_800_000 });
	});

	it("the limits and the hardening of the unit are in force", async () => {
		const { machine } = site();
		const shown = await machine.ask("systemctl show nats-hub.service");
		const is = (name: string) => new RegExp(`^${name}=(.*)$`, "m").exec(shown)?.[1] ?? "";
		const total = Number(await machine.ask("awk '/^MemTotal:/ { print $2 * 1024 }' /proc/meminfo"));
		const max = Number(is("MemoryMax"));
		expect(max).toBeGreaterThan(total / 2);
		expect(max).toBeLessThan(total - 200 * 1024 ** 2);
		const pid = is("MainPID");
		const limit = /GOMEMLIMIT=(\d+)MiB/.exec(await machine.ask(`tr '\\0' '\\n' < /proc/${pid}/environ`))?.[1];
		expect(Number(limit) * 1024 ** 2).toBeLessThan(max);
		const cgroup = await machine.ask(`cat /sys/fs/cgroup/system.slice/nats-hub.service/memory.max`);
		expect(Number(cgroup)).toBe(max);
		expect(is("LimitNOFILE")).toBe("800000");
		expect(is("User")).toBe("nats");
		const status = await machine.ask(`cat /proc/${pid}/status`);
		expect(status).toMatch(/^NoNewPrivs:\t1$/m);
		expect(status).toMatch(/^CapEff:\t0+$/m);
		expect(status).toMatch(/^Seccomp:\t2$/m);
		// What the server itself could do, were it taken over.
		const inside = (command: string) =>
			machine.run(`nsenter -t ${pid} -m setpriv --reuid nats --regid nats --clear-groups ${command}`);
		expect((await inside("touch /etc/x /usr/x /data/nats/x")).output).toMatch(/(Read-only file system[\s\S]*){3}/);
		const exposure =
			(await machine.ask("systemd-analyze security --no-pager nats-hub.service")).split("\n").at(-1) ?? "";
		console.log(`  ${exposure.trim()}`);
		expect(Number(/level[^:]*: ([\d.]+)/.exec(exposure)?.[1])).toBeLessThan(2.5);
	});
}

async function nothingDone({ machine, disks }: Site, foreign: string): Promise<void> {
	expect((await machine.run("systemctl is-active nats-hub.service")).output).toMatch(/^(inactive|unknown)/);
	expect((await machine.run("pgrep -x nats-server")).output).toBe("");
	expect(await strayFiles(machine)).toBe("");
	expect((await machine.run(`findmnt ${NODE.mount}`)).output).toBe("");
	expect(untouched(disks.data) && untouched(disks.blank)).toBe(true);
	expect(content(disks.foreign)).toBe(foreign);
}

function sha256(text: string): string {
	return createHash("sha256").update(text).digest("hex");
}
