import * as fs from "node:fs";
import * as path from "node:path";
import { BUNDLE } from "../../render/bundle/layout";
import type { Manifest } from "../../render/bundle/manifest";
import type { Have } from "../../topology/rollout/have";
import { hashOf } from "../linkable";
import { DeviceError } from "../spec";
import type { Installed } from "./places";

export type Latest = NonNullable<Have["latest"]>;

/** How far the device is with the newest order that `switch` has taken. */
export function latestOf(installed: Installed): Latest | undefined {
	const trial = installed.trial();
	if (trial && trial.order > 0) return { order: trial.order, release: trial.release, state: "switched" };
	const outcome = installed.outcome();
	if (!outcome || outcome.order === 0) return undefined;
	const { order, release, state, reason } = outcome;
	return { order, release, state, ...(reason !== "" && { reason }) };
}

/** @throws DeviceError where no release is in force */
export function currentHave(device: string, installed: Installed, latest: Latest | undefined, now = Date.now()): Have {
	const current = installed.inForce();
	if (current === undefined) throw new DeviceError("no release is in force: install one by its install.sh");
	const text = fs.readFileSync(path.join(installed.folder(current), BUNDLE.manifest));
	const { release, versions } = JSON.parse(text.toString("utf8")) as Manifest;
	const manifest = hashOf(text);
	return { version: 1, device, time: now, release, manifest, versions, ...(latest && { latest }) };
}
