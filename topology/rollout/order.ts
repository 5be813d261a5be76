import { type Fields, Malformed, reader } from "./read";

/**
 * What a device is told to run. The hub carries it and need not be trusted: it is signed with the key that signs bundles,
 * which the device knows (`/opt/leafline/bundle.pub`), and a device takes none that is older than the newest it has seen.
 */
export interface Order {
	readonly version: 1;
	readonly device: string;
	/** Raised with every order for this device; milliseconds since 1970, as the one who made it had them. */
	readonly order: number;
	/** Of which rollout it is. */
	readonly rollout: string;
	/**
	 * `install`: fetch the release and change over to it. `back`: leave the release, for the one that was in force before it
	 * and is still on the device; where that is in force already, nothing is to be done.
	 */
	readonly action: "install" | "back";
	/** Number of the release to install, or to leave. */
	readonly release: number;
	/** Of `install`: `manifest.json` and what signs it. It lies under `ownKey(device, manifest.sha256, n)`. */
	readonly manifest?: { readonly sha256: string; readonly bytes: number; readonly signature: string };
	/** How long the new release may take until it is good; then the device goes back by itself. Milliseconds. */
	readonly withinMs: number;
}

/** As it lies under `want.<device>`. */
export interface SignedOrder {
	/** JSON of an `Order`, as it was signed. */
	readonly order: string;
	/** ed25519 of `signedText(order)`, base64. */
	readonly signature: string;
}

/** What is signed: a manifest can never pass for an order. */
export function signedText(order: string): Buffer {
	return Buffer.from(`leafline order 1\n${order}`);
}

export function orderText(order: Order): string {
	return JSON.stringify(order);
}

export function wantValue(signed: SignedOrder): string {
	return JSON.stringify({ order: signed.order, signature: signed.signature });
}

/** Reads what lies under `want.<device>`; whether it is signed is for the caller to see. @throws Malformed */
export function readWant(value: Uint8Array | string): SignedOrder {
	const fields = reader("want", value);
	return { order: fields.text("order", 8_192), signature: fields.text("signature", 200) };
}

/** Reads an order that was found to be signed. @throws Malformed */
export function readOrder(text: string): Order {
	const fields = reader("order", text);
	if (fields.whole("version") !== 1) throw new Malformed("the order was made by a newer leafline");
	const action = fields.one("action", ["install", "back"] as const);
	return {
		version: 1,
		device: fields.text("device", 200),
		order: fields.whole("order"),
		rollout: fields.text("rollout", 100),
		action,
		release: fields.whole("release"),
		...(action === "install" && { manifest: manifestOf(fields.map("manifest")) }),
		withinMs: fields.whole("withinMs"),
	};
}

function manifestOf(fields: Fields): NonNullable<Order["manifest"]> {
	return { sha256: fields.hash("sha256"), bytes: fields.whole("bytes"), signature: fields.text("signature", 200) };
}
