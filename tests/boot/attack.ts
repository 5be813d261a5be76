import { createSocket } from "node:dgram";
import { connect } from "node:net";
import { expect, it } from "vitest";
import { MACHINE } from "./network";
import { scanTcp } from "./scan";
import type { Site } from "./site";

/** Of UDP, what a machine might answer: name service, DHCP, time, port mapper, SNMP, discovery, and the hub's own numbers. */
const UDP_PORTS = [
	53, 67, 68, 69, 111, 123, 137, 161, 500, 514, 546, 1900, 4222, 4500, 5353, 5355, 6222, 7422, 8080, 8222,
];
/** Listens to everybody, on TCP and on UDP, and answers. */
const STRAY = `
import socket, threading, http.server
def echo():
    udp = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    udp.bind(("0.0.0.0", 8080))
    while True:
        data, sender = udp.recvfrom(2048)
        udp.sendto(data, sender)
threading.Thread(target=echo, daemon=True).start()
http.server.ThreadingHTTPServer(("0.0.0.0", 8080), http.server.SimpleHTTPRequestHandler).serve_forever()
`;

/** Everything that somebody can try who reaches the machine, and has nothing. */
export function attack(site: () => Site): void {
	it("of all 65,535 TCP ports only 7422 answers, of UDP none, even where another program listens to everybody", async () => {
		const { machine } = site();
		await machine.ask(`cat > /run/stray.py <<'END'\n${STRAY}\nEND\nsystemd-run -q --unit=stray python3 /run/stray.py`);
		await machine.ask("for i in $(seq 60); do ss -ltn | grep -q :8080 && exit; sleep 1; done; exit 1");
		const scan = await scanTcp(MACHINE);
		console.log(`  open: ${scan.open}; closed: ${scan.refused}; silent: the others; ${scan.seconds} s`);
		expect(scan.open).toEqual([7422]);
		expect(scan.refused).toBe(0);
		expect(await udpAnswers(UDP_PORTS)).toEqual([]);
	});

	it("without the host's firewall, as the cloud's would have it alone, only that stray program is open as well", async () => {
		const { machine } = site();
		await machine.ask("nft delete table inet leafline");
		try {
			const scan = await scanTcp(MACHINE);
			console.log(`  open: ${scan.open}; closed: ${scan.refused}; ${scan.seconds} s`);
			expect(scan.open).toEqual([7422, 8080]);
			expect(await udpAnswers(UDP_PORTS)).toEqual([8080]);
		} finally {
			await machine.ask("systemctl stop stray; nft -f /etc/nats-hub/firewall.nft");
		}
		expect((await machine.ask("ss -ltnH | grep -vc '127.0.0.1\\|\\[::1\\]'")).trim()).toBe("1");
	});

	it("7422 says nothing to who does not speak TLS", async () => {
		expect(await greeting("", 5_000)).toBe("");
		expect(await greeting('CONNECT {"user":"x","pass":"y"}\r\nPING\r\n', 5_000)).not.toMatch(/INFO|PONG/);
	});

	it("a program that is not root's cannot read the machine's credentials", async () => {
		const { machine } = site();
		const url = "http://169.254.169.254/latest/api/token";
		const ask = `curl -sS --max-time 5 -X PUT -H 'X-aws-ec2-metadata-token-ttl-seconds: 60' ${url}`;
		expect((await machine.run(ask)).code).toBe(0);
		// 7: could not connect, whatever words that curl has for it.
		const asked = await machine.run(`setpriv --reuid nats --regid nats --clear-groups ${ask}`);
		expect(asked.output).toContain("curl: (7)");
	});
}

/** What a listener sends within a time, after it was sent something. */
function greeting(text: string, within: number): Promise<string> {
	return new Promise((resolve) => {
		let heard = "";
		const socket = connect({ host: MACHINE, port: 7422 }, () => socket.write(text));
		const done = () => {
			socket.destroy();
			resolve(heard);
		};
		socket.on("data", (data) => {
			heard += data.toString("latin1");
		});
		socket.on("error", done).on("close", done);
		setTimeout(done, within);
	});
}

function udpAnswers(ports: readonly number[]): Promise<number[]> {
	return new Promise((resolve) => {
		const answered = new Set<number>();
		const socket = createSocket("udp4");
		socket.on("message", (_, { port }) => answered.add(port));
		socket.on("error", () => {});
		socket.bind(() => {
			for (const port of ports) socket.send(Buffer.alloc(48, 0x1b), port, MACHINE);
			setTimeout(() => {
				socket.close();
				resolve([...answered]);
			}, 4_000);
		});
	});
}
