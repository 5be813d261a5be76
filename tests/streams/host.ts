import { spawn } from "node:child_process";
import { resolve } from "node:path";
import * as grpc from "@grpc/grpc-js";
import engineServices from "@pulumi/pulumi/proto/engine_grpc_pb";
import engineMessages, { type LogRequest } from "@pulumi/pulumi/proto/engine_pb";
import providerServices from "@pulumi/pulumi/proto/provider_grpc_pb";
import provider from "@pulumi/pulumi/proto/provider_pb";
import emptyProtos from "google-protobuf/google/protobuf/empty_pb.js";
import structProtos from "google-protobuf/google/protobuf/struct_pb.js";
import { until } from "./bench";

type Json = Record<string, unknown>;
const toStruct = (json: Json) => structProtos.Struct.fromJavaScript(json as never);

/** Pulumi's dynamic provider as the engine runs it: the real process, spoken to over gRPC. */
export interface Host {
	/** What the provider showed on resources, for example `warning: 1 device pending`. */
	readonly shown: readonly string[];
	/** What the process printed, which the engine would show as well. */
	printed(): string;
	check(olds: Json, news: Json): Promise<{ inputs: Json; failures: string[] }>;
	/** Whether there are changes. */
	diff(id: string, olds: Json, news: Json): Promise<boolean>;
	create(inputs: Json): Promise<{ id: string; outs: Json }>;
	read(id: string, props: Json): Promise<{ id: string; outs: Json; inputs: Json }>;
	update(id: string, olds: Json, news: Json): Promise<Json>;
	delete(id: string, props: Json): Promise<void>;
	/** As the engine does it when an operation is over. */
	kill(): Promise<void>;
	stop(): Promise<void>;
}

/** Starts it in this project, with the stack's configuration, and an engine for it to talk to. */
export async function startHost(config: Record<string, string> = {}): Promise<Host> {
	const shown: string[] = [];
	const engine = new grpc.Server();
	engine.addService(
		engineServices.EngineService as never,
		{
			log: (call: { request: LogRequest }, done: (error: null, reply: unknown) => void) => {
				const { request } = call;
				const severity = ["debug", "info", "warning", "error"][request.getSeverity()];
				shown.push(`${request.getEphemeral() ? "progress" : severity}: ${request.getMessage()}`);
				done(null, new emptyProtos.Empty());
			},
			getRootResource: (_: unknown, done: (error: null, reply: unknown) => void) =>
				done(null, new engineMessages.GetRootResourceResponse()),
			setRootResource: (_: unknown, done: (error: null, reply: unknown) => void) =>
				done(null, new engineMessages.SetRootResourceResponse()),
		} as never,
	);
	const enginePort = await new Promise<number>((listening, failed) =>
		engine.bindAsync("127.0.0.1:0", grpc.ServerCredentials.createInsecure(), (error, port) =>
			error ? failed(error) : listening(port),
		),
	);
	const script = resolve("node_modules/@pulumi/pulumi/cmd/dynamic-provider/index.js");
	const child = spawn(process.execPath, [script, `127.0.0.1:${enginePort}`], {
		stdio: ["ignore", "pipe", "pipe"],
		env: { ...process.env, PULUMI_NODEJS_PROJECT: "leafline", PULUMI_NODEJS_STACK: "test" },
	});
	const ended = new Promise<void>((done) => child.once("exit", () => done()));
	const kill = async () => {
		child.kill("SIGKILL");
		await ended;
	};
	let output = "";
	let errors = "";
	child.stdout.setEncoding("utf8").on("data", (text: string) => {
		output += text;
	});
	child.stderr.setEncoding("utf8").on("data", (text: string) => {
		errors += text;
	});
	await until(() => /^\d+\n/.test(output), "the provider's port");
	const port = output.slice(0, output.indexOf("\n"));
	const client = new providerServices.ResourceProviderClient(`127.0.0.1:${port}`, grpc.credentials.createInsecure());

	// biome-ignore lint/suspicious/noExplicitAny: the generated methods share no type
	const call = <T>(method: string, request: any): Promise<T> =>
		new Promise((resolved, failed) =>
			// biome-ignore lint/suspicious/noExplicitAny: as above
			(client as any)[method](request, (error: grpc.ServiceError | null, reply: T) =>
				error ? failed(new Error(error.details)) : resolved(reply),
			),
		);
	const configure = new provider.ConfigureRequest();
	configure.setArgs(toStruct(config));
	await call("configure", configure);

	const json = (struct: { toJavaScript(): unknown } | undefined) => (struct?.toJavaScript() ?? {}) as Json;
	return {
		shown,
		printed: () => output.slice(output.indexOf("\n") + 1) + errors,
		check: async (olds, news) => {
			const request = new provider.CheckRequest();
			request.setOlds(toStruct(olds));
			request.setNews(toStruct(news));
			const reply = await call<InstanceType<typeof provider.CheckResponse>>("check", request);
			return {
				inputs: json(reply.getInputs()),
				failures: reply.getFailuresList().map((failure) => failure.getReason()),
			};
		},
		diff: async (id, olds, news) => {
			const request = new provider.DiffRequest();
			request.setId(id);
			request.setOlds(toStruct(olds));
			request.setNews(toStruct(news));
			const reply = await call<InstanceType<typeof provider.DiffResponse>>("diff", request);
			return reply.getChanges() === provider.DiffResponse.DiffChanges.DIFF_SOME;
		},
		create: async (inputs) => {
			const request = new provider.CreateRequest();
			request.setProperties(toStruct(inputs));
			const reply = await call<InstanceType<typeof provider.CreateResponse>>("create", request);
			return { id: reply.getId(), outs: json(reply.getProperties()) };
		},
		read: async (id, props) => {
			const request = new provider.ReadRequest();
			request.setId(id);
			request.setProperties(toStruct(props));
			const reply = await call<InstanceType<typeof provider.ReadResponse>>("read", request);
			return { id: reply.getId(), outs: json(reply.getProperties()), inputs: json(reply.getInputs()) };
		},
		update: async (id, olds, news) => {
			const request = new provider.UpdateRequest();
			request.setId(id);
			request.setOlds(toStruct(olds));
			request.setNews(toStruct(news));
			const reply = await call<InstanceType<typeof provider.UpdateResponse>>("update", request);
			return json(reply.getProperties());
		},
		delete: async (id, props) => {
			const request = new provider.DeleteRequest();
			request.setId(id);
			request.setProperties(toStruct(props));
			await call("delete", request);
		},
		kill,
		stop: async () => {
			client.close();
			await kill();
			engine.forceShutdown();
		},
	};
}
