/** The policy pack as the engine runs it: time to start, for each resource, and for stacks of 10,000. About 30 s. */
import { type ChildProcess, spawn } from "node:child_process";
import { readFileSync } from "node:fs";
import { resolve } from "node:path";
import { createInterface } from "node:readline";
import { credentials } from "@grpc/grpc-js";
import { AnalyzerClient } from "@pulumi/pulumi/proto/analyzer_grpc_pb";
import * as messages from "@pulumi/pulumi/proto/analyzer_pb";
import { Struct } from "google-protobuf/google/protobuf/struct_pb";
import type { EdgeGroup } from "../topology/model";
import { runBench, seconds, spread } from "./report";

const PACK = resolve("policies");
const RUNNER = require.resolve("@pulumi/pulumi/cmd/run-policy-pack");
const COUNT = 10_000;
const STARTS = 5;

interface Resource {
	readonly type: string;
	readonly name: string;
	readonly inputs: object;
}

runBench(async () => {
	const starts: number[] = [];
	const computing: number[] = [];
	for (let index = 0; index < STARTS; index++) {
		const { pack, took } = await startPack();
		starts.push(took);
		computing.push(pack.computing());
		pack.stop();
	}
	console.log(`start             ${spread(starts)}`);
	console.log(`of it computing   ${spread(computing)}`);
	await stack("unlike anything that is judged", many(COUNT, bucket));
	await stack(
		"every tenth a rule of a firewall",
		many(COUNT, (index) => (index % 10 === 0 ? leafPort : bucket)(index)),
	);
	await stack("streams of the jetstream provider", many(COUNT, stream));
	await stack("streams of 10,000 devices, 64 a group", many(Math.ceil(COUNT / 64), edgeStreams));
});

/** The whole of what the pack does for a stack that complies. */
async function stack(what: string, resources: readonly Resource[]): Promise<void> {
	const { pack } = await startPack();
	try {
		const started = pack.computing();
		for (const resource of resources) {
			await pack.analyze(resource);
		}
		const [began, before] = [performance.now(), pack.computing()];
		const violations = await pack.analyzeStack(resources);
		const [took, computed] = [performance.now() - began, pack.computing() - before];
		const mean = (before - started) / resources.length;
		console.log(`${String(resources.length).padStart(6)} ${what}`);
		console.log(`       computing ${mean.toFixed(2)} ms for each, ${seconds(computed)} for all of them as a stack`);
		console.log(`       the stack took ${seconds(took)}; ${violations} violations`);
	} finally {
		pack.stop();
	}
}

function many(count: number, make: (index: number) => Resource): Resource[] {
	return Array.from({ length: count }, (_, index) => make(index));
}

function bucket(index: number): Resource {
	const inputs = { bucket: `bucket-${index}`, tags: { owner: "bench" }, forceDestroy: false };
	return { type: "aws:s3/bucket:Bucket", name: `bucket-${index}`, inputs };
}

function leafPort(index: number): Resource {
	const inputs = { securityGroupId: "sg-1", ipProtocol: "tcp", fromPort: 7422, toPort: 7422, cidrIpv4: "0.0.0.0/0" };
	return { type: "aws:vpc/securityGroupIngressRule:SecurityGroupIngressRule", name: `rule-${index}`, inputs };
}

function stream(index: number): Resource {
	const inputs = { name: `s${index}`, subjects: [`s${index}.>`], maxBytes: 1e6, maxAge: 3600, duplicateWindow: 0 };
	return { type: "jetstream:index/stream:Stream", name: `s${index}`, inputs };
}

function edgeStreams(index: number): Resource {
	const can = {
		direction: "uplink",
		accepts: [],
		storage: "file",
		discard: "new",
		maxBytes: 1e6,
		maxAgeMs: 0,
		window: 100,
		sourcing: "durable",
	} as const;
	const names = Array.from({ length: 64 }, (_, device) => `truck-${index * 64 + device}`);
	const group: EdgeGroup = {
		group: "all",
		classes: { can },
		devices: Object.fromEntries(names.map((name) => [name, {}])),
	};
	return { type: "pulumi-nodejs:dynamic/leafline:EdgeStreams", name: `all_${index}`, inputs: group };
}

interface Pack {
	analyze(resource: Resource): Promise<void>;
	/** Milliseconds of a processor that it has used so far: on a busy machine the time that passes says little. */
	computing(): number;
	/** Number of violations. */
	analyzeStack(resources: readonly Resource[]): Promise<number>;
	stop(): void;
}

async function startPack(): Promise<{ pack: Pack; took: number }> {
	const began = performance.now();
	const child = spawn(process.execPath, [RUNNER, "127.0.0.1:1", PACK], {
		cwd: PACK,
		stdio: ["ignore", "pipe", "inherit"],
	});
	const port = await firstLine(child);
	const took = performance.now() - began;
	const unlimited = { "grpc.max_send_message_length": -1, "grpc.max_receive_message_length": -1 };
	const client = new AnalyzerClient(`127.0.0.1:${port}`, credentials.createInsecure(), unlimited);
	const pack: Pack = {
		analyze: (resource) =>
			new Promise((done, fail) => {
				const request = fill(new messages.AnalyzeRequest(), resource);
				client.analyze(request, (error: Error | null) => (error ? fail(error) : done()));
			}),
		analyzeStack: (resources) =>
			new Promise((done, fail) => {
				const request = new messages.AnalyzeStackRequest();
				request.setResourcesList(resources.map((resource) => fill(new messages.AnalyzerResource(), resource)));
				client.analyzeStack(request, (error: Error | null, response: messages.AnalyzeResponse) =>
					error ? fail(error) : done(response.getDiagnosticsList().length),
				);
			}),
		computing: () => processorTime(child.pid),
		stop: () => {
			client.close();
			child.kill();
		},
	};
	return { pack, took };
}

function fill<R extends messages.AnalyzeRequest | messages.AnalyzerResource>(request: R, resource: Resource): R {
	const { type, name, inputs } = resource;
	request.setType(type);
	request.setName(name);
	request.setUrn(`urn:pulumi:bench::bench::${type}::${name}`);
	request.setOptions(new messages.AnalyzerResourceOptions());
	request.setProperties(Struct.fromJavaScript(inputs as Parameters<typeof Struct.fromJavaScript>[0]));
	return request;
}

/** In milliseconds, in steps of ten. Of Linux alone. */
function processorTime(pid: number | undefined): number {
	const fields = readFileSync(`/proc/${pid}/stat`, "utf8")
		.replace(/^.*\) /s, "")
		.split(" ");
	return (Number(fields[11]) + Number(fields[12])) * 10;
}

/** The port on which the pack listens. */
function firstLine(child: ChildProcess): Promise<string> {
	return new Promise((done, fail) => {
		child.once("error", fail);
		child.once("exit", () => fail(new Error("the pack did not start: is it compiled?")));
		if (child.stdout) createInterface(child.stdout).once("line", done);
	});
}
