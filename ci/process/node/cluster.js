// ioredis in cluster mode, through a failover: writes, waits until told that a primary was killed, writes again, reads all.
'use strict';

const Redis = require('ioredis');

const KEYS = 100;

async function writeAll(cluster, offset) {
  for (let i = 0; i < KEYS; ++i) await cluster.set(`k${i}`, i + offset);
}

async function main() {
  const cluster = new Redis.Cluster([{host: '127.0.0.1', port: Number(process.argv[2])}], {
    clusterRetryStrategy: () => 50,
    retryDelayOnFailover: 50,
    retryDelayOnClusterDown: 50,
    maxRedirections: 200,
    redisOptions: {connectTimeout: 2000, maxRetriesPerRequest: 50},
  });
  cluster.on('error', () => {});
  await writeAll(cluster, 0);
  console.log('written');
  for await (const _ of process.stdin);
  await writeAll(cluster, 1000);
  console.log('written again');
  for (let i = 0; i < KEYS; ++i) {
    const value = await cluster.get(`k${i}`);
    if (value !== String(i + 1000)) throw new Error(`k${i} is ${value}`);
  }
  cluster.disconnect();
}

main().catch((error) => {
  console.log(error.stack);
  process.exit(1);
});
