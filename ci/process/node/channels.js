// ioredis in cluster mode with channels: of the whole cluster and of one shard. Usage: node channels.js PORT; prints "ok".

'use strict';
const assert = require('node:assert/strict');
const Redis = require('ioredis');

async function main() {
  const connect = () => new Redis.Cluster([{ host: '127.0.0.1', port: Number(process.argv[2]) }], { shardedSubscribers: true });
  const listener = connect();
  const db = connect();
  const heard = [];
  const enough = new Promise((resolve) => {
    const take = (...message) => heard.push(message.join(' ')) === 4 && resolve();
    listener.on('message', (channel, text) => take('message', channel, text));
    listener.on('smessage', (channel, text) => take('smessage', channel, text));
  });
  await listener.subscribe('news');
  await listener.ssubscribe('{x}1', '{x}2');
  for (const text of ['one', 'two']) await db.publish('news', text);
  assert.equal(await db.spublish('{x}1', 'three'), 1);
  assert.equal(await db.spublish('{x}2', 'four'), 1);
  await enough;
  assert.deepEqual(heard.filter((line) => line.startsWith('message')), ['message news one', 'message news two']);
  assert.deepEqual(heard.filter((line) => line.startsWith('smessage')), ['smessage {x}1 three', 'smessage {x}2 four']);
  listener.disconnect();
  db.disconnect();
  console.log('ok');
}

main().catch((error) => {
  console.log(error.stack);
  process.exit(1);
});
