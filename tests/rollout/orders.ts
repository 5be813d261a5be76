import { createHash } from "node:crypto";
import * as fs from "node:fs";
import * as path from "node:path";
import { sign } from "../../components/identity/nkey";
import { Pulled } from "../../device/rollout/places";
import type { Manifest } from "../../render/bundle/manifest";
import { type Order, orderText, signedText, wantValue } from "../../topology/rollout/order";

/** An order for a bundle that lies in a folder, as `want.<device>` holds it. */
export function orderFor(bundle: string, seed: string, order: number, more: Partial<Order> = {}): string {
	const text = fs.readFileSync(path.join(bundle, "manifest.json"));
	const { device, release } = JSON.parse(text.toString()) as Manifest;
	const signature = fs.readFileSync(path.join(bundle, "manifest.sig"), "utf8").trim();
	return signedOrder(seed, {
		version: 1,
		device,
		order,
		rollout: "test",
		action: "install",
		release,
		manifest: { sha256: createHash("sha256").update(text).digest("hex"), bytes: text.length, signature },
		withinMs: 60_000,
		...more,
	});
}

export function signedOrder(seed: string, order: Order): string {
	const text = orderText(order);
	return wantValue({ order: text, signature: sign(seed, signedText(text)).toString("base64") });
}

/** Puts into a store what the device program would have pulled of a bundle. */
export function putPulled(storeDir: string, bundle: string, want: string): Pulled {
	const pulled = new Pulled(storeDir);
	fs.rmSync(pulled.folder, { recursive: true, force: true });
	fs.mkdirSync(path.dirname(pulled.part("x")), { recursive: true });
	fs.writeFileSync(pulled.want, want);
	fs.copyFileSync(path.join(bundle, "manifest.json"), pulled.manifest);
	const { files } = JSON.parse(fs.readFileSync(pulled.manifest, "utf8")) as Manifest;
	for (const [name, { sha256 }] of Object.entries(files)) fs.copyFileSync(path.join(bundle, name), pulled.part(sha256));
	fs.writeFileSync(pulled.ready, "");
	return pulled;
}
