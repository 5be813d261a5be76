import type { Rule } from "../../model";
import { hubAmiIsPinned } from "./hub-ami-is-pinned";
import { hubHasNoSsh } from "./hub-has-no-ssh";
import { hubIngressIsLeafPortOnly } from "./hub-ingress-is-leaf-port-only";
import { hubInstanceHasNoSshKey } from "./hub-instance-has-no-ssh-key";
import { hubInstanceRequiresImdsv2 } from "./hub-instance-requires-imdsv2";
import { hubVolumeIsEncrypted } from "./hub-volume-is-encrypted";
import { hubVolumeIsProtected } from "./hub-volume-is-protected";
import { instanceStoreHasThreeReplicas } from "./instance-store-has-three-replicas";
import { listenersAreNotPublic } from "./listeners-are-not-public";
import { serverVersionHasTheFixes } from "./server-version-has-the-fixes";
import { userDataHoldsNoSecret } from "./user-data-holds-no-secret";

export const hubRules: readonly Rule[] = [
	hubIngressIsLeafPortOnly,
	listenersAreNotPublic,
	hubHasNoSsh,
	hubInstanceHasNoSshKey,
	hubInstanceRequiresImdsv2,
	userDataHoldsNoSecret,
	hubVolumeIsEncrypted,
	hubVolumeIsProtected,
	hubAmiIsPinned,
	instanceStoreHasThreeReplicas,
	serverVersionHasTheFixes,
];
