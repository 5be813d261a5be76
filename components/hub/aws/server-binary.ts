import type { Architecture } from "../../../config/aws";
export function serverBinary(_arch: Architecture): { path: string; sha256: string; version: string } {
	return { path: "/dev/null", sha256: "0".repeat(64), version: "2.15.2" };
}
