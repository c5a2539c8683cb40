/** Nearly all tags and lengths are one byte; these are made once. */
const SINGLE_BYTES = Array.from({ length: 128 }, (_, value) => Buffer.of(value));

/** A writer of the protobuf wire format, as much of it as a GraphDef needs. */
export class ProtobufWriter {
  readonly #chunks: Buffer[] = [];

  /** An integer, boolean or enum field. */
  integer(field: number, value: number): this {
    this.#varint(field * 8);
    this.#varint(value);
    return this;
  }

  float(field: number, value: number): this {
    this.#varint(field * 8 + 5);
    const bytes = Buffer.alloc(4);
    bytes.writeFloatLE(value);
    this.#chunks.push(bytes);
    return this;
  }

  bytes(field: number, value: Uint8Array): this {
    this.#varint(field * 8 + 2);
    this.#varint(value.length);
    this.#chunks.push(Buffer.from(value.buffer, value.byteOffset, value.length));
    return this;
  }

  text(field: number, value: string): this {
    return this.bytes(field, Buffer.from(value));
  }

  message(field: number, value: ProtobufWriter): this {
    return this.bytes(field, value.finish());
  }

  finish(): Buffer {
    return Buffer.concat(this.#chunks);
  }

  /** Seven bits a byte, lowest first. Negative numbers take ten bytes, as two's complement of 64 bits. */
  #varint(value: number): void {
    const short = SINGLE_BYTES[value];
    if (short) {
      this.#chunks.push(short);
      return;
    }
    let rest = BigInt.asUintN(64, BigInt(value));
    const bytes: number[] = [];
    while (rest > 127n) {
      bytes.push(Number(rest & 127n) | 128);
      rest >>= 7n;
    }
    bytes.push(Number(rest));
    this.#chunks.push(Buffer.from(bytes));
  }
}
