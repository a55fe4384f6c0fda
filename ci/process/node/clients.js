// ioredis through every command family, with its own parsing of the replies. Usage: node clients.js PORT
// Prints one line a test: "ok NAME" or "FAIL NAME: why"; exit 1 when one failed.

'use strict';
const assert = require('node:assert/strict');
const Redis = require('ioredis');

const port = Number(process.argv[2]);
const connect = (options = {}) => new Redis({ host: '127.0.0.1', port, lazyConnect: false, maxRetriesPerRequest: 1, ...options });

const tests = {
  async strings(db) {
    assert.equal(await db.set('k', 'v', 'EX', 100, 'NX'), 'OK');
    assert.equal(await db.set('k', 'w', 'NX'), null);
    assert.equal(await db.set('k', 'w', 'KEEPTTL', 'GET'), 'v');
    assert.ok((await db.ttl('k')) > 90);
    assert.equal(await db.getex('k', 'PERSIST'), 'w');
    assert.equal(await db.append('k', 'xyz'), 4);
    assert.equal(await db.getrange('k', 1, 2), 'xy');
    assert.equal(await db.setrange('k', 2, '__'), 4);
    assert.equal(await db.getdel('k'), 'wx__');
    assert.equal(await db.mset({ a: 1, b: 2 }), 'OK');
    assert.equal(await db.msetnx('b', 3, 'c', 4), 0);
    assert.deepEqual(await db.mget('a', 'b', 'c'), ['1', '2', null]);
    assert.equal(await db.incrby('n', 41), 41);
    assert.equal(await db.decr('n'), 40);
    assert.equal(await db.incrbyfloat('f', 1.25), '1.25');
    assert.equal(await db.strlen('a'), 1);
    await db.mset('x', 'ohmytext', 'y', 'mynewtext');
    assert.equal(await db.lcs('x', 'y'), 'mytext');
  },

  async binary(db) {
    const value = Buffer.from(Array.from({ length: 256 }, (_, i) => i));
    await db.set(Buffer.from([0, 255, 13, 10]), value);
    assert.deepEqual(await db.getBuffer(Buffer.from([0, 255, 13, 10])), value);
  },

  async keys(db) {
    const pipeline = db.pipeline();
    for (let i = 0; i < 1000; i++) pipeline.set(`key:${i}`, i);
    await pipeline.exec();
    assert.equal(await db.dbsize(), 1000);
    const seen = new Set();
    for await (const keys of db.scanStream({ match: 'key:*', count: 30 })) keys.forEach((key) => seen.add(key));
    assert.equal(seen.size, 1000);
    assert.equal(await db.del('key:1', 'key:2', 'nosuch'), 2);
    assert.equal(await db.exists('key:3', 'key:1'), 1);
    assert.equal(await db.rename('key:3', 'renamed'), 'OK');
    assert.equal(await db.copy('renamed', 'copied'), 1);
    assert.equal(await db.expire('copied', 100), 1);
    assert.equal(await db.expire('copied', 50, 'GT'), 0);
    assert.equal(await db.pexpireat('copied', 33177117420123), 1);
    assert.equal(await db.pexpiretime('copied'), 33177117420123);
    assert.equal(await db.persist('copied'), 1);
    assert.equal(await db.object('ENCODING', 'copied'), 'int');
    assert.equal(await db.type('copied'), 'string');
    assert.equal(await db.move('copied', 5), 1);
    assert.equal(await db.unlink('renamed'), 1);
    assert.match(await db.randomkey(), /^key:/);
    assert.equal(await db.flushdb(), 'OK');
    assert.equal(await db.dbsize(), 0);
  },

  async transactions(db) {
    assert.deepEqual(await db.multi().incr('n').incr('n').get('nosuch').exec(), [[null, 1], [null, 2], [null, null]]);
    const other = connect();
    await db.watch('n');
    await other.set('n', 'changed');
    assert.equal(await db.multi().set('n', 'mine').exec(), null);
    other.disconnect();
    const results = await db.multi().set('s', 'abc').incr('s').set('t', 1).exec();
    assert.match(results[1][0].message, /not an integer/);
    assert.equal(await db.get('t'), '1');
    await assert.rejects(db.multi().set('only-key').exec(), /EXECABORT/);
  },

  async pipelines(db) {
    const pipeline = db.pipeline();
    for (let i = 0; i < 20000; i++) pipeline.incr('counter');
    const replies = await pipeline.exec();
    replies.forEach(([error, value], i) => {
      assert.equal(error, null);
      assert.equal(value, i + 1);
    });
  },

  async connections(db) {
    const named = connect({ connectionName: 'tester', db: 2 });
    assert.equal(await named.client('GETNAME'), 'tester');
    assert.match(await named.client('INFO'), /name=tester.* db=2 /);
    const id = await named.client('ID');
    assert.equal(await db.client('KILL', 'ID', id), 1);
    named.disconnect();
    assert.equal(await db.ping('hello'), 'hello');
    assert.equal(await db.echo('hi'), 'hi');
    const resp3 = await db.call('HELLO', '2');
    assert.equal(resp3[resp3.indexOf('proto') + 1], 2);
  },

  async server(db) {
    assert.match(await db.info(), /redis_version:\d+\.\d+\.\d+/);
    assert.equal(await db.config('SET', 'timeout', 100), 'OK');
    assert.deepEqual(await db.config('GET', 'timeout'), ['timeout', '100']);
    assert.equal(await db.config('SET', 'timeout', 0), 'OK');
    assert.ok((await db.call('COMMAND', 'COUNT')) > 60);
    assert.deepEqual(await db.call('COMMAND', 'GETKEYS', 'MSET', 'a', '1', 'b', '2'), ['a', 'b']);
    assert.equal((await db.time()).length, 2);
    await db.set('k', 'v');
    assert.ok((await db.memory('USAGE', 'k')) > 16);
    assert.equal(await db.slowlog('RESET'), 'OK');
    assert.match(String(await db.lolwut()), /ver/i);
  },

  async errors(db) {
    await db.set('s', 'abc');
    await assert.rejects(db.incr('s'), { name: 'ReplyError', message: 'ERR value is not an integer or out of range' });
    await assert.rejects(db.call('NOSUCH', 'a'), /ERR unknown command 'NOSUCH', with args beginning with: 'a'/);
    await assert.rejects(db.call('GET'), /ERR wrong number of arguments for 'get' command/);
    await assert.rejects(db.rename('nosuch', 'x'), /ERR no such key/);
  },

  async channels(db) {
    const listener = connect();
    const heard = [];
    const enough = new Promise((resolve) => {
      const take = (...message) => heard.push(message) === 4 && resolve();
      listener.on('message', (channel, text) => take('message', channel, text));
      listener.on('pmessage', (pattern, channel, text) => take('pmessage', pattern, channel, text));
      listener.on('smessage', (channel, text) => take('smessage', channel, text));
    });
    assert.equal(await listener.subscribe('a', 'b'), 2);
    assert.equal(await listener.psubscribe('a*'), 3);
    assert.equal(await listener.ssubscribe('c'), 1);
    assert.equal(await db.publish('a', '1'), 2);
    assert.equal(await db.publish('b', '2'), 1);
    assert.equal(await db.spublish('c', '3'), 1);
    await enough;
    assert.deepEqual(heard, [['message', 'a', '1'], ['pmessage', 'a*', 'a', '1'], ['message', 'b', '2'], ['smessage', 'c', '3']]);
    assert.deepEqual(await db.pubsub('NUMSUB', 'a', 'b'), ['a', 1, 'b', 1]);
    await listener.sunsubscribe('c');
    await listener.punsubscribe('a*');
    await listener.unsubscribe('a', 'b');
    assert.equal(await listener.ping(), 'PONG');
    assert.deepEqual(await db.pubsub('CHANNELS'), []);
    listener.disconnect();
  },

  async autopipelining() {
    const db = connect({ enableAutoPipelining: true });
    await Promise.all(Array.from({ length: 5000 }, (_, i) => db.set(`auto:${i % 100}`, i)));
    assert.equal((await db.keys('auto:*')).length, 100);
    db.disconnect();
  },
};

async function main() {
  let failed = 0;
  for (const [name, test] of Object.entries(tests)) {
    const db = connect();
    try {
      await db.flushall();
      await test(db);
      console.log(`ok ${name}`);
    } catch (error) {
      failed++;
      console.log(`FAIL ${name}: ${error.stack}`);
    }
    db.disconnect();
  }
  process.exit(failed ? 1 : 0);
}

main();
