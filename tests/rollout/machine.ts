import type { ChildProcess } from "node:child_process";
import * as fs from "node:fs";
import * as path from "node:path";
import { sleep } from "../../system/wait";
import { accountOf, inRoot, installedRoot, readUnit } from "../bundle/installed";

/**
 * A device on which a bundle is installed, and what systemd would do on it with the installed units: it starts services,
 * starts them again, starts what path units wait for, and does what `systemctl` is told. The sandbox is not there.
 */
export interface Machine {
	readonly root: string;
	/** Everything that its services have written. */
	log(): string;
	boot(): Promise<void>;
	/** Everything ends at once. */
	cutPower(): Promise<void>;
	/**
	 * The time that a release on trial has: as it is, standing still, or over at once. What a device finds of a release takes
	 * longer on a slow machine, and what becomes of it must not.
	 */
	trialTime(time: "runs" | "stands" | "over"): void;
	/** Whether a service runs. */
	runs(unit: string): boolean;
	/** A file of it, empty where it is not there. */
	read(file: string): string;
	close(): Promise<void>;
}

/** Stands in the place of `systemctl`: says what it was told. */
const SYSTEMCTL = `#!/bin/sh
echo "$*" >> /run/systemctl
`;
/** Stands in the place of `sleep`, by which `switch` counts the time of a trial. */
const SLEEP = `#!/bin/sh
while [ "$(cat /trial-time 2> /dev/null)" = stands ]; do /usr/bin/sleep 0.2; done
[ "$(cat /trial-time 2> /dev/null)" = over ] || exec /usr/bin/sleep "$@"
`;
const UNITS = "etc/systemd/system";
/** What `%S` is, and an account that owns nothing (`DynamicUser=`). */
const STATE = "var/lib";
const DYNAMIC = 61_184;
const LOOK_EVERY_MS = 100;
/** In the place of `RestartSec=`, for nobody wants to wait so long. */
const AGAIN_MS = 500;

interface Service {
	wanted: boolean;
	readonly running: Promise<void>;
	child?: ChildProcess | undefined;
}

/** @param bundle folder of the bundle that is installed first */
export function makeMachine(bundle: string): Machine {
	const root = installedRoot(bundle);
	const at = (...names: string[]) => path.join(root, ...names);
	const { uid, gid } = accountOf(root);
	fs.writeFileSync(at("usr/local/bin/systemctl"), SYSTEMCTL, { mode: 0o755 });
	fs.writeFileSync(at("usr/local/bin/sleep"), SLEEP, { mode: 0o755 });
	const services = new Map<string, Service>();
	let log = "";
	let on = false;
	let looking: Promise<void> = Promise.resolve();
	let heard = 0;

	const exists = (unit: string) => fs.existsSync(at(UNITS, unit));
	const text = (unit: string) => fs.readFileSync(at(UNITS, unit), "utf8");
	const value = (unit: string, key: string) => new RegExp(`^${key}=(.*)$`, "m").exec(text(unit))?.[1];

	function accountOfUnit(unit: string): { readonly uid: number; readonly gid: number } | undefined {
		if (value(unit, "DynamicUser") === "yes") return { uid: DYNAMIC, gid: DYNAMIC };
		return value(unit, "User") === "leafline" ? { uid: Number(uid), gid: Number(gid) } : undefined;
	}

	async function run(unit: string, command: string, service: Service, env: Record<string, string> = {}) {
		const { folder, umask, environment } = readUnit(at(UNITS, unit));
		const account = accountOfUnit(unit);
		const runtime = value(unit, "RuntimeDirectory");
		if (runtime !== undefined) {
			fs.mkdirSync(at("run", runtime), { recursive: true });
			fs.chownSync(at("run", runtime), Number(uid), Number(gid));
		}
		const state = value(unit, "StateDirectory");
		if (state !== undefined) {
			fs.mkdirSync(at(STATE, state), { recursive: true });
			fs.chownSync(at(STATE, state), account?.uid ?? 0, account?.gid ?? 0);
		}
		const who = account ? [`--reuid=${account.uid}`, `--regid=${account.gid}`, "--clear-groups"] : [];
		const variables = Object.entries({
			PATH: "/usr/local/bin:/usr/bin:/bin",
			...(runtime !== undefined && { RUNTIME_DIRECTORY: `/run/${runtime}` }),
			...environment,
			...env,
		}).map((entry) => entry.join("="));
		const line = `umask ${umask} && cd ${folder.replace("%S", `/${STATE}`)} && exec ${command}`;
		const child = inRoot(root, ["setpriv", ...who, "--pdeathsig=KILL", "env", "-i", ...variables, "sh", "-c", line]);
		service.child = child;
		for (const stream of [child.stdout, child.stderr]) {
			stream?.on("data", (data) => {
				log += data;
			});
		}
		const ended = await new Promise<{ code: number | null; signal: string | null }>((resolve) =>
			child.once("close", (code, signal) => resolve({ code, signal })),
		);
		service.child = undefined;
		return ended;
	}

	/** One start of a service, until it has ended. @returns whether it ended well */
	async function once(unit: string, service: Service): Promise<boolean> {
		const { before, main, after } = readUnit(at(UNITS, unit));
		let ended: { code: number | null; signal: string | null } = { code: 0, signal: null };
		for (const command of [...before, main]) {
			if (!on || !service.wanted) break;
			ended = await run(unit, command, service);
			if (ended.code !== 0) break;
		}
		const told =
			ended.signal === null
				? { EXIT_CODE: "exited", EXIT_STATUS: `${ended.code}` }
				: { EXIT_CODE: "killed", EXIT_STATUS: ended.signal.slice(3) };
		for (const command of after) if (on && exists(unit)) await run(unit, command, service, told);
		return ended.code === 0;
	}

	function start(unit: string): void {
		if (services.has(unit) || !on || !exists(unit)) return;
		const condition = value(unit, "ConditionPathExists");
		if (condition !== undefined && !fs.existsSync(at(condition))) return;
		const service: Service = { wanted: true, running: Promise.resolve() };
		services.set(unit, service);
		const loop = async () => {
			for (;;) {
				const well = await once(unit, service);
				const again = exists(unit) ? value(unit, "Restart") : undefined;
				if (!on || !service.wanted || !(again === "always" || (again === "on-failure" && !well))) break;
				await sleep(AGAIN_MS);
			}
			services.delete(unit);
		};
		Object.assign(service, { running: loop() });
	}

	async function stop(unit: string): Promise<void> {
		const service = services.get(unit);
		if (!service) return;
		service.wanted = false;
		service.child?.kill("SIGTERM");
		await service.running;
	}

	async function restart(unit: string): Promise<void> {
		await stop(unit);
		start(unit);
	}

	function obey([command, ...words]: readonly string[]): void {
		for (const unit of words.filter((word) => word.endsWith(".service"))) {
			if (command === "start") start(unit);
			else if (command === "stop") void stop(unit);
			else if (command === "restart" || (command === "try-restart" && services.has(unit))) void restart(unit);
		}
	}

	async function look(): Promise<void> {
		while (on) {
			const said = fs.existsSync(at("run/systemctl")) ? fs.readFileSync(at("run/systemctl"), "utf8") : "";
			const lines = said.slice(heard).split("\n");
			heard = said.lastIndexOf("\n") + 1;
			for (const line of lines.slice(0, -1)) obey(line.split(" "));
			for (const unit of fs.readdirSync(at(UNITS)).filter((name) => name.endsWith(".path"))) {
				const waits = text(unit).matchAll(/^PathExists=(.*)$/gm);
				if ([...waits].some(([, file = ""]) => fs.existsSync(at(file)))) start(value(unit, "Unit") ?? "");
			}
			await sleep(LOOK_EVERY_MS);
		}
	}

	const cutPower = async () => {
		on = false;
		const running = [...services.values()];
		for (const { child } of running) child?.kill("SIGKILL");
		await Promise.all([looking, ...running.map((service) => service.running)]);
		services.clear();
	};
	return {
		root,
		log: () => log,
		async boot() {
			fs.rmSync(at("run"), { recursive: true, force: true });
			fs.mkdirSync(at("run"));
			heard = 0;
			on = true;
			const trial = at("opt/leafline/trial");
			if (fs.existsSync(trial)) await once("leafline-try.service", { wanted: true, running: Promise.resolve() });
			for (const unit of fs.readdirSync(at(UNITS, "multi-user.target.wants"))) {
				if (unit.endsWith(".service") && unit !== "leafline-try.service") start(unit);
			}
			looking = look();
		},
		cutPower,
		trialTime(time) {
			fs.writeFileSync(at("trial-time"), time);
		},
		runs: (unit) => services.get(unit)?.child !== undefined,
		read(file) {
			try {
				return fs.readFileSync(at(file), "utf8").trim();
			} catch {
				return "";
			}
		},
		async close() {
			await cutPower();
			fs.rmSync(root, { recursive: true, force: true });
		},
	};
}
