import { type ChildProcess, spawn } from "node:child_process";
import { mkdirSync } from "node:fs";
import { connect } from "node:net";
import { join } from "node:path";
import { setTimeout } from "node:timers/promises";
import { afterAll, afterEach, beforeAll, describe, expect, it, vi } from "vitest";
import { findOnPath } from "../../toolchain/paths.js";
import { eventually } from "../support/eventually";
import { type LakeProgram, lakeProgram } from "../support/lake";
import { counters, finish, makeWorld, says, upTo, type World } from "../support/lake-world";
import { freePorts } from "../support/ports";
import { type S3, startS3 } from "../support/s3";

const WITHIN = 60_000;
vi.setConfig({ testTimeout: 4 * WITHIN, hookTimeout: 4 * WITHIN });

const ACCESS = { AWS_ACCESS_KEY_ID: "lake", AWS_SECRET_ACCESS_KEY: "secretsecret", AWS_REGION: "eu-central-1" };
const at = (port: number) => ({
	...process.env,
	...ACCESS,
	AWS_ENDPOINT_URL_S3: `http://127.0.0.1:${port}`,
	LAKE_S3_PATH_STYLE: "true",
});

let program: LakeProgram;
let world: World;
beforeAll(async () => {
	program = lakeProgram();
	world = await makeWorld(program);
});
afterEach(() => program.killAll());
afterAll(async () => {
	await world?.close();
	program?.close();
});

/** Messages of two devices into a bucket whose objects are files of a folder, with kills in between. */
async function kills(run: string, folder: string, port: number): Promise<void> {
	const { rig } = world;
	const before = (await rig.lastSequence("hub_can")) ?? 0;
	const start = () => world.start(["--to", `s3://bucket/${run}`], at(port));
	const running = await Promise.all(
		["edge1", "edge2"].map((name) => rig.publish(name, { run, messages: 1_500, rate: 200, subject: "vehicle.sensor" })),
	);
	for (let kill = 0; kill < 6; kill++) {
		const lake = start();
		if (kill > 1) await says(lake, "reads on");
		await setTimeout(Math.random() * 500);
		await lake.kill();
	}
	await Promise.all(running.map(({ done }) => done));
	await rig.arrived("hub_can", before + 3_000, WITHIN);
	await finish(world, start());
	const found = await counters(program, join(folder, "bucket", run), run);
	expect(found).toEqual({ edge1: upTo(1_500), edge2: upTo(1_500) });
}

describe("a lake in S3", () => {
	let s3: S3 | undefined;
	afterEach(() => s3?.close());

	it("has each message once, also when a PUT of a dead process takes effect", async () => {
		const folder = world.rig.bench.path("s3");
		s3 = await startS3(folder);
		await kills("stand-in", folder, s3.port);
	});

	it("is refused where If-None-Match does not count", async () => {
		s3 = await startS3(world.rig.bench.path("any"), { conditional: false });
		await says(world.start(["--to", "s3://bucket/any"], at(s3.port)), "does not honour If-None-Match");
	});
});

const [versity] = findOnPath("versitygw", process.env);

// `go install github.com/versity/versitygw/cmd/versitygw@v1.8.0` takes minutes, so the tests do not.
describe.skipIf(versity === undefined)("a lake in another's S3 (versitygw, if it is on PATH)", () => {
	let gateway: ChildProcess | undefined;
	afterAll(() => gateway?.kill("SIGKILL"));

	it("has each message once", async () => {
		const folder = world.rig.bench.path("versity");
		mkdirSync(join(folder, "bucket"), { recursive: true });
		const [port = 0] = await freePorts(1);
		const env = {
			...process.env,
			ROOT_ACCESS_KEY: ACCESS.AWS_ACCESS_KEY_ID,
			ROOT_SECRET_KEY: ACCESS.AWS_SECRET_ACCESS_KEY,
		};
		const args = ["--region", ACCESS.AWS_REGION, "--port", `127.0.0.1:${port}`, "posix", folder];
		gateway = spawn(versity ?? "", args, { env, stdio: "ignore" });
		await eventually(() => answers(port), { what: "versitygw answers", within: WITHIN });
		await kills("versity", folder, port);
	});
});

function answers(port: number): Promise<boolean> {
	return new Promise((done) => {
		const socket = connect(port, "127.0.0.1");
		socket.once("connect", () => done(true)).once("error", () => done(false));
		socket.unref();
	});
}
