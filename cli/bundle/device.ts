import * as path from "node:path";
import { authorityTags } from "../../components/identity/authorities";
import { deviceCreds, devicePublicKey, releasesToken } from "../../components/identity/credentials";
import { bundleSeed, type DeviceSigning, deviceProgramSeed } from "../../components/identity/keys";
import { publicKey, sign } from "../../components/identity/nkey";
import { ownStreams, streamSpecs } from "../../components/leaves/device-spec";
import type { StackOutputs } from "../../contract/outputs";
import type { MqttSpec } from "../../device/mqtt/spec";
import type { DeviceSpec, KeepSpec, KeptDevice } from "../../device/spec";
import type { StreamsFile } from "../../device/streams";
import { BUNDLE, INSTALLED } from "../../render/bundle/layout";
import { type DeviceConf, deviceConf } from "../../render/bundle/leaf";
import { type Manifest, manifestText } from "../../render/bundle/manifest";
import { renderRolloutPath, renderRolloutUnit } from "../../render/bundle/switch/rollout-units";
import { renderTrialUnit, renderTryUnit, renderUpdatePath, renderUpdateUnit } from "../../render/bundle/switch/units";
import { renderTmpfiles } from "../../render/bundle/system";
import { renderKeepUnit, renderServerUnit } from "../../render/bundle/units";
import { renderMqttUnit } from "../../render/bundle/units-mqtt";
import { gateConf } from "../../render/gate";
import type { EdgeGroup } from "../../topology/model";
import { mqttRoutes } from "../../topology/mqtt";
import { OWNER } from "../../topology/names";
import { rolloutBytesPerSecond } from "../../topology/rollout/rate";
import { UNKNOWN_SYNC_MS } from "../../topology/trim";
import { UserError } from "../errors";
import { type Content, entriesOf, type Files, textContent } from "./content";

export interface DeviceBundle {
	readonly device: string;
	readonly files: Files;
	/** Secret, and perhaps kept apart. */
	readonly credentials: Files;
	readonly manifest: Content;
	readonly signature: Content;
}

export interface DeviceOptions {
	readonly release: number;
	readonly credentials: "together" | "apart" | "none";
	readonly mount?: string;
	/** Of its server's monitoring, on loopback. @default any, which the server writes down */
	readonly monitorPort?: number;
	/** What every bundle of this processor holds, and its versions. */
	readonly common: Files;
	readonly versions: Readonly<Record<string, string>>;
	readonly arch?: "arm64" | "amd64";
}

/** Whoever signs, with what follows from the outputs once for all devices. */
export interface Signer {
	readonly signing: DeviceSigning;
	readonly seed: string;
	readonly key: string;
}

/** @throws UserError where the secrets are masked */
export function signerOf({ signing }: StackOutputs): Signer {
	if (!signing) {
		throw new UserError(
			"the outputs do not hold what makes a device's credentials and signs its bundle: " +
				"write them with pulumi stack output --json --show-secrets",
		);
	}
	const seed = bundleSeed(signing.fleetSecret);
	return { signing, seed, key: publicKey(seed) };
}

/** Everything of one device's bundle. @throws UserError that names what the outputs lack */
export function deviceBundle(
	outputs: StackOutputs,
	device: string,
	signer: Signer,
	options: DeviceOptions,
): DeviceBundle {
	const { leafline } = outputs;
	const conf = readConf(outputs, device, options.monitorPort);
	const group = edgeGroupOf(outputs, device);
	const credentials = credentialsOf(outputs, signer.signing, device, conf, options);
	const files: Files = {
		...options.common,
		...mqttFiles(leafline, group, device, conf),
		...confFiles(leafline, group, device, conf),
		...tokenFile(signer.signing, device, conf),
		...unitFiles(conf, options.mount),
	};
	const manifest: Manifest = {
		version: 1,
		device,
		fleet: leafline.fleet,
		environment: leafline.environment,
		release: options.release,
		...(options.arch !== undefined && { arch: options.arch }),
		versions: options.versions,
		key: signer.key,
		files: entriesOf(files),
		credentials: entriesOf(credentials),
	};
	const text = textContent(manifestText(manifest));
	const signature = textContent(`${sign(signer.seed, text.text).toString("base64")}\n`);
	return { device, files, credentials, manifest: text, signature };
}

/** @throws UserError where there is none, or none that can be used */
export function readConf({ leafConfigs }: StackOutputs, device: string, monitorPort?: number): DeviceConf {
	try {
		return deviceConf(leafConfigs[device] ?? "", device, monitorPort);
	} catch (error) {
		throw new UserError(`the outputs hold no leaf.conf for ${device} that can be used: ${(error as Error).message}`);
	}
}

function edgeGroupOf({ leafline }: StackOutputs, device: string): EdgeGroup {
	const group = leafline.devices[device]?.group ?? "";
	const edge = leafline.edge?.[group];
	if (!edge) {
		throw new UserError(
			`the outputs do not say which streams ${device} has: they were written by an older leafline; run npm run up, then again`,
		);
	}
	return { group, classes: edge.classes, devices: { [device]: {} } };
}

/** Only where the fleet file asks for MQTT. */
function mqttFiles(
	{ edge, devices }: StackOutputs["leafline"],
	group: EdgeGroup,
	device: string,
	conf: DeviceConf,
): Files {
	const port = devices[device]?.mqttPort;
	if (port === undefined) return {};
	const routes = mqttRoutes(device, group.classes, edge?.[group.group]?.topics ?? {});
	const spec: MqttSpec = { devices: { [device]: { url: conf.url, port, routes } } };
	return { [BUNDLE.mqtt]: json(spec) };
}

function confFiles(
	{ fleet, environment, owner, budgets, hub }: StackOutputs["leafline"],
	group: EdgeGroup,
	device: string,
	conf: DeviceConf,
): Files {
	const spec: DeviceSpec = {
		device,
		storeDir: conf.storeDir,
		gateConf: inConf(BUNDLE.gateConf),
		key: inConf(BUNDLE.programKey),
		hubSyncMs: hub.syncMs ?? UNKNOWN_SYNC_MS,
		streams: streamSpecs(group, device, budgets.buffer[group.group]?.classes ?? {}),
	};
	// The provider takes over what says that it is leafline's, and leaves alone what is its own already.
	const mark = owner === undefined ? { "leafline.bundle": `${fleet}/${environment}` } : { [OWNER]: owner };
	const { files, memory } = ownStreams(group, device, mark);
	const kept: KeptDevice = {
		url: conf.url,
		dir: INSTALLED.conf,
		spec,
		...(memory.length > 0 && { memory }),
		portsDir: INSTALLED.ports,
		releases: {
			base: INSTALLED.base,
			runtime: path.dirname(INSTALLED.verdict),
			bytesPerSecond: rolloutBytesPerSecond(budgets.link[group.group]?.availableBitsPerSecond),
		},
	};
	const keep: KeepSpec = { devices: { [device]: kept } };
	const streams: StreamsFile = { streams: files };
	return {
		[BUNDLE.leafConf]: textContent(conf.text),
		[BUNDLE.gateConf]: textContent(gateConf(conf.tree, device)),
		[BUNDLE.device]: json(spec),
		[BUNDLE.keep]: json(keep),
		[BUNDLE.streams]: json(streams),
	};
}

/** Of a device that made its key itself as well: it shows that the device is the one, to whoever has its key. */
function tokenFile(signing: DeviceSigning, device: string, { user }: DeviceConf): Files {
	const own = user === "" || user === devicePublicKey(signing, device) ? undefined : user;
	const token = releasesToken(signing, device, own);
	return token === undefined ? {} : { [BUNDLE.releasesToken]: textContent(`${token}\n`) };
}

function unitFiles(conf: DeviceConf, mount: string | undefined): Files {
	const options = { storeDir: conf.storeDir, memoryBytes: conf.memoryBytes, ...(mount !== undefined && { mount }) };
	return {
		[BUNDLE.mqttUnit]: textContent(renderMqttUnit()),
		[BUNDLE.serverUnit]: textContent(renderServerUnit(options)),
		[BUNDLE.keepUnit]: textContent(renderKeepUnit(options)),
		[BUNDLE.tryUnit]: textContent(renderTryUnit(conf.storeDir)),
		[BUNDLE.trialUnit]: textContent(renderTrialUnit(conf.storeDir)),
		[BUNDLE.updateUnit]: textContent(renderUpdateUnit(conf.storeDir)),
		[BUNDLE.updatePath]: textContent(renderUpdatePath(conf.storeDir)),
		[BUNDLE.rolloutUnit]: textContent(renderRolloutUnit(conf.storeDir)),
		[BUNDLE.rolloutPath]: textContent(renderRolloutPath(conf.storeDir)),
		[BUNDLE.tmpfiles]: textContent(renderTmpfiles(conf.storeDir)),
	};
}

function credentialsOf(
	{ leafline }: StackOutputs,
	signing: DeviceSigning,
	device: string,
	{ user }: DeviceConf,
	options: DeviceOptions,
): Files {
	if (options.credentials === "none") return {};
	if (user !== "" && user !== devicePublicKey(signing, device)) {
		throw new UserError(
			`${device} made its key itself, so nobody else has its credentials: make its bundle with --credentials none, ` +
				"and tell install.sh by --credentials where they are",
		);
	}
	return {
		[BUNDLE.credentials]: textContent(deviceCreds(signing, device, undefined, authorityTags(leafline.ca))),
		[BUNDLE.programKey]: textContent(deviceProgramSeed(signing.fleetSecret, device)),
	};
}

const inConf = (file: string) => file.slice(BUNDLE.conf.length + 1);

const json = (value: unknown) => textContent(`${JSON.stringify(value, null, "\t")}\n`);
