// @ts-check
/**
 * What the type definitions of `@pulumi/aws` do not say: which changes replace a resource, which properties exclude
 * each other, how ids look. Taken from the Terraform provider's documentation, for the types that a hub is made of;
 * all others have ids of a general form and are changed in place.
 */

/**
 * @typedef {object} Facts
 * @property {string} [prefix] of ids that AWS invents
 * @property {(inputs: Record<string, any>) => string} [id] of ids that follow from the inputs
 * @property {readonly string[]} [replaces] properties whose change makes a new resource; `a.b` for nested ones
 * @property {readonly (readonly string[])[]} [oneOf] of each, exactly one must be given
 * @property {readonly [string, readonly string[]]} [conflicts] where the first is given, none of the others may be
 * @property {string} [namedBy] property that Pulumi names by itself, where it is optional; `name` if not said
 * @property {readonly string[]} [unique] properties by which AWS tells two of them apart
 */

const NAMED = { replaces: ["name", "namePrefix"], unique: ["name"] };
const byName = (/** @type {Record<string, any>} */ inputs) => inputs.name;
const byBucket = (/** @type {Record<string, any>} */ inputs) => inputs.bucket;
const OF_BUCKET = { id: byBucket, replaces: ["bucket"], unique: ["bucket"] };
const SOURCES = ["cidrIpv4", "cidrIpv6", "prefixListId", "referencedSecurityGroupId"];

/** @type {Record<string, Facts>} */
const CATALOG = {
	"aws:ec2/vpc:Vpc": { prefix: "vpc", replaces: ["cidrBlock", "ipv4IpamPoolId"] },
	"aws:ec2/subnet:Subnet": {
		prefix: "subnet",
		replaces: ["vpcId", "cidrBlock", "availabilityZone", "availabilityZoneId", "outpostArn"],
	},
	"aws:ec2/internetGateway:InternetGateway": { prefix: "igw" },
	"aws:ec2/routeTable:RouteTable": { prefix: "rtb", replaces: ["vpcId"] },
	"aws:ec2/route:Route": {
		id: ({ routeTableId, destinationCidrBlock, destinationIpv6CidrBlock }) =>
			`r-${routeTableId}${destinationCidrBlock ?? destinationIpv6CidrBlock}`,
		replaces: ["routeTableId", "destinationCidrBlock", "destinationIpv6CidrBlock", "destinationPrefixListId"],
		oneOf: [["destinationCidrBlock", "destinationIpv6CidrBlock", "destinationPrefixListId"]],
	},
	"aws:ec2/routeTableAssociation:RouteTableAssociation": {
		prefix: "rtbassoc",
		replaces: ["subnetId", "gatewayId"],
		oneOf: [["subnetId", "gatewayId"]],
	},
	"aws:ec2/securityGroup:SecurityGroup": {
		prefix: "sg",
		replaces: ["name", "namePrefix", "description", "vpcId"],
		unique: ["name", "vpcId"],
	},
	"aws:vpc/securityGroupIngressRule:SecurityGroupIngressRule": {
		prefix: "sgr",
		replaces: ["securityGroupId"],
		oneOf: [SOURCES],
	},
	"aws:vpc/securityGroupEgressRule:SecurityGroupEgressRule": {
		prefix: "sgr",
		replaces: ["securityGroupId"],
		oneOf: [SOURCES],
	},
	"aws:ec2/networkInterface:NetworkInterface": { prefix: "eni", replaces: ["subnetId", "interfaceType"] },
	"aws:ec2/eip:Eip": {
		prefix: "eipalloc",
		replaces: ["domain", "address", "publicIpv4Pool", "networkBorderGroup", "customerOwnedIpv4Pool"],
	},
	"aws:ec2/eipAssociation:EipAssociation": {
		prefix: "eipassoc",
		replaces: [
			"allocationId",
			"instanceId",
			"networkInterfaceId",
			"publicIp",
			"privateIpAddress",
			"allowReassociation",
		],
	},
	"aws:ebs/volume:Volume": {
		prefix: "vol",
		replaces: ["availabilityZone", "encrypted", "kmsKeyId", "snapshotId", "outpostArn"],
	},
	"aws:ec2/volumeAttachment:VolumeAttachment": { prefix: "vai", replaces: ["deviceName", "instanceId", "volumeId"] },
	"aws:ec2/instance:Instance": {
		prefix: "i",
		replaces: [
			...["ami", "availabilityZone", "subnetId", "privateIp", "associatePublicIpAddress", "keyName", "placementGroup"],
			...["primaryNetworkInterface", "networkInterfaces", "ephemeralBlockDevices", "securityGroups", "hibernation"],
			...["ebsOptimized", "enclaveOptions", "cpuOptions", "hostId", "launchTemplate", "tenancy"],
			...["rootBlockDevice.encrypted", "rootBlockDevice.kmsKeyId"],
		],
		conflicts: [
			"primaryNetworkInterface",
			[
				...["associatePublicIpAddress", "subnetId", "privateIp", "secondaryPrivateIps", "vpcSecurityGroupIds"],
				...["securityGroups", "networkInterfaces", "ipv6Addresses", "ipv6AddressCount", "sourceDestCheck"],
			],
		],
	},
	"aws:route53/record:Record": {
		id: ({ zoneId, name, type, setIdentifier }) => [zoneId, name, type, setIdentifier].filter(Boolean).join("_"),
		replaces: ["zoneId", "name", "setIdentifier"],
		unique: ["zoneId", "name", "type", "setIdentifier"],
	},
	"aws:iam/role:Role": { ...NAMED, id: byName, replaces: [...NAMED.replaces, "path"] },
	"aws:iam/rolePolicy:RolePolicy": {
		id: ({ role, name }) => `${role}:${name}`,
		replaces: [...NAMED.replaces, "role"],
		unique: ["role", "name"],
	},
	"aws:iam/rolePolicyAttachment:RolePolicyAttachment": {
		id: ({ role, policyArn }) => `${role}/${policyArn}`,
		replaces: ["role", "policyArn"],
	},
	"aws:iam/instanceProfile:InstanceProfile": { ...NAMED, id: byName, replaces: [...NAMED.replaces, "path"] },
	"aws:s3/bucket:Bucket": {
		id: byBucket,
		namedBy: "bucket",
		replaces: ["bucket", "bucketPrefix", "objectLockEnabled"],
		unique: ["bucket"],
	},
	"aws:s3/bucketPublicAccessBlock:BucketPublicAccessBlock": OF_BUCKET,
	"aws:s3/bucketVersioning:BucketVersioning": OF_BUCKET,
	"aws:s3/bucketServerSideEncryptionConfiguration:BucketServerSideEncryptionConfiguration": OF_BUCKET,
	"aws:s3/bucketLifecycleConfiguration:BucketLifecycleConfiguration": OF_BUCKET,
	"aws:s3/bucketOwnershipControls:BucketOwnershipControls": OF_BUCKET,
	"aws:s3/bucketPolicy:BucketPolicy": OF_BUCKET,
	"aws:s3/bucketObjectv2:BucketObjectv2": {
		id: ({ bucket, key }) => `${bucket}/${key}`,
		namedBy: "key",
		replaces: ["bucket", "key"],
	},
	"aws:ssm/parameter:Parameter": {
		...NAMED,
		id: byName,
		replaces: ["name", "dataType"],
		oneOf: [["value", "insecureValue", "valueWo"]],
	},
	"aws:ssm/document:Document": { ...NAMED, id: byName, replaces: ["name", "documentType"] },
	"aws:cloudwatch/metricAlarm:MetricAlarm": { id: byName, replaces: ["name"] },
	"aws:cloudwatch/logGroup:LogGroup": { ...NAMED, id: byName, replaces: [...NAMED.replaces, "logGroupClass"] },
	"aws:sns/topic:Topic": { replaces: [...NAMED.replaces, "fifoTopic"] },
	"aws:sns/topicSubscription:TopicSubscription": { replaces: ["topic", "protocol", "endpoint"] },
	"aws:dlm/lifecyclePolicy:LifecyclePolicy": { prefix: "policy", replaces: ["defaultPolicy"] },
};

/** Every resource may say in which region it is, and cannot move. @param {string} type @returns {Facts} */
const factsOf = (type) => ({ ...CATALOG[type], replaces: [...(CATALOG[type]?.replaces ?? []), "region"] });

module.exports = { factsOf };
