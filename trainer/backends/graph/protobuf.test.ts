import { expect, test } from 'vitest';
import { ProtobufWriter } from './protobuf.ts';

const hex = (writer: ProtobufWriter): string => writer.finish().toString('hex');

// the examples of protobuf.dev/programming-guides/encoding
test('integers, texts and messages are written as the format wants them', () => {
  expect(hex(new ProtobufWriter().integer(1, 150))).toBe('089601');
  expect(hex(new ProtobufWriter().text(2, 'testing'))).toBe('120774657374696e67');
  expect(hex(new ProtobufWriter().message(3, new ProtobufWriter().integer(1, 150)))).toBe('1a03089601');
  expect(hex(new ProtobufWriter().integer(1, -2))).toBe('08feffffffffffffffff01');
  expect(hex(new ProtobufWriter().integer(1, 0).integer(1, 127).integer(1, 128))).toBe('0800087f088001');
  expect(hex(new ProtobufWriter().float(4, 1))).toBe('250000803f');
});
