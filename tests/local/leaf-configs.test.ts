import { expect, it } from "vitest";
import { leafConfigs } from "../../components/leaves/create";
import { plan } from "../../topology/plan";
import { makeFleet, makeSettings } from "../topology/fixtures";

it("leaves a local server room above its buffer, or a lowered buffer could never reach its streams", () => {
	const fleet = makeFleet({ devices: ["edge1"], bufferBytes: 2 * 1024 ** 3 });
	const settings = makeSettings();
	const conf = (local: boolean) => {
		const { topology } = plan(fleet, { ...settings, leaves: { ...settings.leaves, local } });
		return topology && leafConfigs(topology, ["tls://127.0.0.1:7422"]).edge1;
	};
	expect(conf(true)).toMatch(/max_file: 1099511627776\n/);
	expect(conf(false)).toMatch(/max_file: 2147483648\n/);
});
