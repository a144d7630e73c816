// A TypeScript client with the official A2A SDK: finds the agent by its card, sends, streams. All that agentweave asks of it is a
// certificate: client.ts URL CERT KEY CA SKILL
import { randomUUID } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { ClientFactory, ClientFactoryOptions, DefaultAgentCardResolver, JsonRpcTransportFactory } from '@a2a-js/sdk/client';
import { Role, TaskState } from '@a2a-js/sdk';
import { Agent, fetch as undiciFetch } from 'undici';

const [url, cert, key, ca, skill] = process.argv.slice(2) as [string, string, string, string, string];
const dispatcher = new Agent({ connect: { cert: readFileSync(cert), key: readFileSync(key), ca: readFileSync(ca) } });
const fetchImpl = ((input: any, init: any) => undiciFetch(input, { ...init, dispatcher })) as unknown as typeof fetch;

const cardResolver = new DefaultAgentCardResolver({ fetchImpl });
const card = await cardResolver.resolve(url);
console.log(`card of ${card.name}: ${card.skills.map((one: any) => one.id).join(', ')}`);
const transports = [new JsonRpcTransportFactory({ fetchImpl })];
const options = ClientFactoryOptions.createFrom(ClientFactoryOptions.default, { transports, cardResolver });
const client = await new ClientFactory(options).createFromAgentCard(card);

const ask = (text: string): any => ({
  tenant: '',
  metadata: undefined,
  message: {
    messageId: randomUUID(), role: Role.ROLE_USER, taskId: '', contextId: '',
    parts: [{ content: { $case: 'text', value: text }, metadata: undefined, filename: '', mediaType: '' }],
    metadata: { skill }, extensions: [], referenceTaskIds: [],
  },
  configuration: { acceptedOutputModes: [], taskPushNotificationConfig: undefined, returnImmediately: false },
});

try {
  const task: any = await client.sendMessage(ask('hello'));
  console.log(`sent: ${TaskState[task.status.state]}`);
  let events = 0;
  for await (const event of client.sendMessageStream(ask('again')) as AsyncIterable<any>) events += event.payload ? 1 : 0;
  console.log(`streamed: ${events > 1 ? 'several events' : 'one event'}`);
} catch (error) {
  const words = `${(error as Error).message} ${JSON.stringify(error)}`;
  console.log(/AW3001/.test(words) || /403/.test(words) || /denied/i.test(words) ? 'denied' : `failed: ${words}`);
  process.exitCode = 3;
}
await dispatcher.close();
