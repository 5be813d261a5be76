import { afterEach, describe, expect, it } from "vitest";
import { renderVolume } from "../../render/node/parameters";
import { type Machine, makeMachine, whyNoMachine } from "./machine";
import { hubParameters, install, OTHER_SERIAL, type Parameters, SERIAL } from "./parameters";

const why = whyNoMachine();

/** What may lie on a volume that is not leafline's, and how it comes there. */
const FOREIGN = {
	"ext4 of somebody": "mkfs.ext4 -q $disk",
	"xfs without leafline's label": "mkfs.xfs -q -f $disk",
	"a partition table":
		"printf '\\200\\0\\2\\0\\203\\0\\0\\0\\1\\0\\0\\0\\0\\20\\0\\0' | $put bs=1 seek=446; printf '\\125\\252' | $put bs=1 seek=510",
	swap: "mkswap -q $disk",
	"something without a signature": "echo something | $put seek=30000",
	"something at its end only": "echo something | $put seek=655350",
} as const;

describe.skipIf(why)(`the data volume${why ? ` (skipped: ${why})` : ""}`, () => {
	let machine: Machine;
	let parameters: Parameters;

	const start = async (disks: number) => {
		machine = await makeMachine(disks);
		parameters = await hubParameters(machine);
		machine.parameters(parameters);
		await install(machine);
		return machine.devices as [string, string];
	};
	const boot = () => machine.run("leafline-node boot", { env: { VOLUME_SECONDS: "1" } });
	/** How much was ever written to a disk, in sectors. */
	const written = (device: string) =>
		machine.must(`blockdev --flushbufs ${device}; awk '{ print $7 }' /sys/block/${device.slice("/dev/".length)}/stat`);
	const running = async () =>
		(await machine.run("systemctl show -p MainPID --value nats-hub.service")).output !== "0\n";

	afterEach(() => machine.close());

	it("is formatted once, and keeps its data at every later boot", async () => {
		const [device] = await start(1);
		machine.attach({ [device]: SERIAL });
		expect(await boot()).toMatchObject({
			code: 0,
			output: expect.stringContaining(`formatting ${device} (${SERIAL})`),
		});
		await machine.must("echo precious > /data/nats/hub/precious");
		expect((await boot()).output).not.toContain("formatting");
		// As after the machine's own restart.
		await machine.must("systemctl stop nats-hub.service && umount /data/nats");
		const again = await boot();
		expect(again).toMatchObject({ code: 0, output: expect.not.stringContaining("formatting") });
		expect(await machine.must("cat /data/nats/hub/precious")).toBe("precious\n");
		expect(await machine.must("findmnt -no OPTIONS /data/nats")).toMatch(/nosuid,nodev,noexec,noatime/);
		expect(await machine.must("grep -c /data/nats /etc/fstab")).toBe("1\n");
	});

	it("is found by its serial, whatever the disks are called", async () => {
		const [first, second] = await start(2);
		machine.attach({ [first]: OTHER_SERIAL, [second]: SERIAL });
		const untouched = await written(first);
		expect(await boot()).toMatchObject({ code: 0 });
		expect(await written(first)).toBe(untouched);
		await machine.must("echo precious > /data/nats/hub/precious; systemctl stop nats-hub.service; umount /data/nats");
		await machine.must(`dd status=none if=${second} of=${first} bs=1M conv=sparse && blkdiscard -f ${second}`);
		const blank = await written(second);
		machine.attach({ [first]: SERIAL, [second]: OTHER_SERIAL });
		expect(await boot()).toMatchObject({ code: 0 });
		expect(await machine.must("cat /data/nats/hub/precious; findmnt -no SOURCE /data/nats")).toBe(
			`precious\n${first}\n`,
		);
		expect(await written(second)).toBe(blank);
	});

	it("with another serial is not written to, and neither is the root disk", async () => {
		const [device] = await start(1);
		machine.attach({ [device]: OTHER_SERIAL });
		const untouched = await written(device);
		const { code, output } = await boot();
		expect(code).not.toBe(0);
		expect(output).toContain(`failed: no disk has the serial ${SERIAL}; there are: ${device} ${OTHER_SERIAL}`);
		expect(await running()).toBe(false);
		expect(await written(device)).toBe(untouched);
		expect(await machine.run("ls -d /data/nats/*")).toMatchObject({ code: 2 });
	});

	it("with a copy attached is not taken for the copy", async () => {
		const [first, second] = await start(2);
		machine.attach({ [first]: SERIAL, [second]: OTHER_SERIAL });
		expect(await boot()).toMatchObject({ code: 0 });
		await machine.must("systemctl stop nats-hub.service && umount /data/nats");
		await machine.must(`dd status=none if=${first} of=${second} bs=1M conv=sparse`);
		// As systemd may do at boot, which knows only the UUID.
		await machine.must(`mount ${second} /data/nats`);
		const { code, output } = await boot();
		expect({ code, output }).toMatchObject({
			code: 0,
			output: expect.stringContaining(`/data/nats is ${second}, not ${SERIAL}`),
		});
		expect(await machine.must("findmnt -no SOURCE /data/nats")).toBe(`${first}\n`);
	});

	it("that is another than the mounted one takes its place, but not below a running hub", async () => {
		const [first, second] = await start(2);
		machine.attach({ [first]: SERIAL, [second]: OTHER_SERIAL });
		expect(await boot()).toMatchObject({ code: 0 });
		machine.parameters({ volume: `serial=${OTHER_SERIAL}\n` });
		const refused = await boot();
		expect(refused.code).not.toBe(0);
		expect(refused.output).toContain("stop nats-hub.service first");
		expect(await running()).toBe(true);
		await machine.must("systemctl stop nats-hub.service");
		expect(await boot()).toMatchObject({ code: 0 });
		expect(await machine.must("findmnt -no SOURCE /data/nats; grep -c /data/nats /etc/fstab")).toBe(`${second}\n1\n`);
	});

	it("that grew is used whole", async () => {
		const [device] = await start(1);
		machine.attach({ [device]: SERIAL });
		expect(await boot()).toMatchObject({ code: 0 });
		const size = async () => Number(await machine.must("df --output=size /data/nats | tail -n 1"));
		const before = await size();
		await machine.must(`truncate -s 600M /host/disk0 && losetup -c ${device}`);
		expect(await boot()).toMatchObject({ code: 0 });
		expect(await size()).toBeGreaterThan(before);
	});

	it("of the machine's own is used, unless it holds what leafline did not make", async () => {
		const [device] = await start(1);
		machine.attach({ [device]: "Amazon EC2 NVMe Instance Storage" });
		machine.parameters({ volume: renderVolume("instance-store") });
		await machine.must(`mkfs.ext4 -q ${device}`);
		expect((await boot()).output).toContain("is neither blank nor leafline's");
		// Whatever a disk reads that was given to a new machine.
		await machine.must(`wipefs -q -a ${device}`);
		expect(await boot()).toMatchObject({
			code: 0,
			output: expect.stringContaining(`formatting ${device} (instance-store)`),
		});
		expect((await boot()).output).not.toContain("formatting");
	});

	it("that is in use for something else is refused, without advice how to wipe it", async () => {
		const [device] = await start(1);
		machine.attach({ [device]: SERIAL });
		await machine.must(`mkfs.xfs -q ${device} && mkdir -p /srv/mine && mount ${device} /srv/mine`);
		const { code, output } = await boot();
		expect(code).not.toBe(0);
		expect(output).toContain(`failed: volume ${SERIAL} (${device}) is in use`);
		expect(output).not.toContain("wipefs");
	});

	it("that holds what leafline did not make is refused and stays as it is", async () => {
		const [device] = await start(1);
		machine.attach({ [device]: SERIAL });
		for (const [what, make] of Object.entries(FOREIGN)) {
			await machine.must(`disk=${device}; put="dd status=none of=$disk"; blkdiscard -f $disk; ${make}`);
			const untouched = await written(device);
			const { code, output } = await boot();
			expect({ what, code }).not.toMatchObject({ code: 0 });
			expect(output, what).toContain(`failed: volume ${SERIAL} (${device}) is neither blank nor leafline's`);
			expect(await written(device), what).toBe(untouched);
			expect(await running(), what).toBe(false);
		}
	});
});
