/*
 * MessagePack, the part of it that Nexus speaks: nil, booleans, numbers, UTF-8 strings, arrays and
 * maps with string keys. Shared by the guest (C11, wasm32) and the host (C++20), so that both sides
 * agree on every byte. Format: https://github.com/msgpack/msgpack/blob/master/spec.md.
 *
 * Three parts: a writer, a validator and a reader. The reader checks nothing: bytes from outside go
 * through nx_mp_validate() first, and the buffer must not change afterwards (copy guest memory
 * before validating it). Nothing here allocates, recurses or keeps state; any thread.
 */
#pragma once

#include <stdint.h>
#include <string.h>

/* Deepest nesting the validator can follow; a larger max_depth counts as this. */
#define NX_MP_MAX_DEPTH 128u

/* Results of the writer and the validator. */
enum {
  NX_MP_OK = 0,
  NX_MP_TRUNCATED = -1,  /* the bytes end inside a value */
  NX_MP_TRAILING = -2,   /* bytes follow the value */
  NX_MP_TOO_DEEP = -3,   /* arrays and maps nested deeper than max_depth */
  NX_MP_BAD_COUNT = -4,  /* a length or an element count exceeds the bytes that follow */
  NX_MP_BAD_TYPE = -5,   /* a bin or ext value */
  NX_MP_RESERVED = -6,   /* the byte 0xc1, which the format never uses */
  NX_MP_BAD_KEY = -7,    /* a map key that is not a string */
  NX_MP_BAD_UTF8 = -8,   /* a string that is not well-formed UTF-8 */
  NX_MP_NOT_FINITE = -9, /* NaN or an infinity */
  NX_MP_TOO_LARGE = -10, /* more than 2^32 - 1 bytes */
  NX_MP_NO_SPACE = -11   /* writer only: the buffer is full and cannot grow */
};

/* ---- UTF-8 ---------------------------------------------------------------------------------- */

/*
 * Bytes that the well-formed sequence at `at` takes (1 to 4), or 0 when it is ill-formed or cut off
 * (Unicode 15, table 3-7: no overlong forms, no surrogates, nothing above U+10FFFF).
 */
static inline size_t nx_mp_utf8_sequence(const uint8_t* at, size_t left) {
  const uint8_t lead = at[0];
  uint8_t low = 0x80, high = 0xbf; /* bounds of the second byte */
  size_t length, i;
  if (lead < 0x80) return 1;
  if (lead < 0xc2 || lead > 0xf4) return 0;
  if (lead < 0xe0) {
    length = 2;
  } else if (lead < 0xf0) {
    length = 3;
    if (lead == 0xe0) low = 0xa0;
    if (lead == 0xed) high = 0x9f;
  } else {
    length = 4;
    if (lead == 0xf0) low = 0x90;
    if (lead == 0xf4) high = 0x8f;
  }
  if (left < length || at[1] < low || at[1] > high) return 0;
  for (i = 2; i < length; ++i)
    if ((at[i] & 0xc0) != 0x80) return 0;
  return length;
}

/* Bytes before the first ill-formed sequence of the `size` at `text`; `size` when all is well. */
static inline size_t nx_mp_utf8_prefix(const uint8_t* text, size_t size) {
  size_t at = 0;
  while (at < size) {
    uint64_t eight;
    size_t length;
    if (size - at >= sizeof eight) {
      memcpy(&eight, text + at, sizeof eight);
      if ((eight & UINT64_C(0x8080808080808080)) == 0) {
        at += sizeof eight;
        continue;
      }
    }
    length = nx_mp_utf8_sequence(text + at, size - at);
    if (length == 0) return at;
    at += length;
  }
  return size;
}

/* ---- Writer --------------------------------------------------------------------------------- */

/*
 * Appends values to a buffer. Start with nx_mp_writer_init(); write the header of an array or map,
 * then exactly as many elements (for maps: key, value, key, value). The first failure sticks in
 * `error`, and what is written after it is dropped, so one look at the end is enough.
 */
typedef struct nx_mp_writer {
  uint8_t* data; /* the writer does not own it */
  size_t size;
  size_t capacity;
  /*
   * Replaces `data` and `capacity` so that at least `needed` bytes fit and the first `size` are
   * kept; returns 0 on success. May be a null pointer: then the buffer never grows.
   */
  int (*grow)(struct nx_mp_writer* writer, size_t needed);
  void* context; /* for `grow` */
  int error;     /* NX_MP_OK, NX_MP_NO_SPACE, NX_MP_NOT_FINITE or NX_MP_TOO_LARGE */
} nx_mp_writer;

static inline void nx_mp_writer_init(nx_mp_writer* writer, void* data, size_t capacity,
                                     int (*grow)(nx_mp_writer*, size_t), void* context) {
  writer->data = (uint8_t*)data;
  writer->size = 0;
  writer->capacity = capacity;
  writer->grow = grow;
  writer->context = context;
  writer->error = NX_MP_OK;
}

/* Makes room for `count` more bytes and takes them; a null pointer after a failure. */
static inline uint8_t* nx_mp_take(nx_mp_writer* writer, size_t count) {
  uint8_t* at;
  if (writer->error != NX_MP_OK) return 0;
  if (count > writer->capacity - writer->size) {
    const size_t needed = writer->size + count;
    if (needed < count || writer->grow == 0 || writer->grow(writer, needed) != 0) {
      writer->error = NX_MP_NO_SPACE;
      return 0;
    }
  }
  at = writer->data + writer->size;
  writer->size += count;
  return at;
}

/* Writes `tag` and the low `bytes` bytes of `bits`, most significant first. */
static inline void nx_mp_write_tagged(nx_mp_writer* writer, uint8_t tag, uint64_t bits,
                                      unsigned bytes) {
  uint8_t* at = nx_mp_take(writer, 1 + (size_t)bytes);
  unsigned i;
  if (at == 0) return;
  at[0] = tag;
  for (i = 0; i < bytes; ++i) at[1 + i] = (uint8_t)(bits >> (8 * (bytes - 1 - i)));
}

static inline void nx_mp_write_nil(nx_mp_writer* writer) { nx_mp_write_tagged(writer, 0xc0, 0, 0); }

/* `value` is false when 0. */
static inline void nx_mp_write_bool(nx_mp_writer* writer, int value) {
  nx_mp_write_tagged(writer, value ? 0xc3 : 0xc2, 0, 0);
}

/* Shortest form of an integer; the encoding of every whole number in this range but -0. */
static inline void nx_mp_write_int32(nx_mp_writer* writer, int32_t value) {
  const uint32_t bits = (uint32_t)value;
  if (value >= 0) {
    if (value < 0x80)
      nx_mp_write_tagged(writer, (uint8_t)bits, 0, 0);
    else if (value <= 0xff)
      nx_mp_write_tagged(writer, 0xcc, bits, 1);
    else if (value <= 0xffff)
      nx_mp_write_tagged(writer, 0xcd, bits, 2);
    else
      nx_mp_write_tagged(writer, 0xce, bits, 4);
  } else if (value >= -32) {
    nx_mp_write_tagged(writer, (uint8_t)bits, 0, 0);
  } else if (value >= -0x80) {
    nx_mp_write_tagged(writer, 0xd0, bits, 1);
  } else if (value >= -0x8000) {
    nx_mp_write_tagged(writer, 0xd1, bits, 2);
  } else {
    nx_mp_write_tagged(writer, 0xd2, bits, 4);
  }
}

/* A number as JavaScript has it: whole ones in the int32 range as integers, others as float64, -0
 * included. NaN and the infinities are NX_MP_NOT_FINITE. */
static inline void nx_mp_write_double(nx_mp_writer* writer, double value) {
  uint64_t bits;
  memcpy(&bits, &value, sizeof bits);
  if ((bits & UINT64_C(0x7ff0000000000000)) == UINT64_C(0x7ff0000000000000)) {
    if (writer->error == NX_MP_OK) writer->error = NX_MP_NOT_FINITE;
    return;
  }
  if (value >= -2147483648.0 && value <= 2147483647.0 && bits != UINT64_C(0x8000000000000000)) {
    const int32_t whole = (int32_t)value;
    if ((double)whole == value) {
      nx_mp_write_int32(writer, whole);
      return;
    }
  }
  nx_mp_write_tagged(writer, 0xcb, bits, 8);
}

/* As nx_mp_write_double() of the nearest double: 64-bit integers have no type of their own here. */
static inline void nx_mp_write_int64(nx_mp_writer* writer, int64_t value) {
  nx_mp_write_double(writer, (double)value);
}

/* Header of a string; the caller appends exactly `bytes` bytes of UTF-8 with nx_mp_write_raw(). */
static inline void nx_mp_write_str_header(nx_mp_writer* writer, uint32_t bytes) {
  if (bytes < 32)
    nx_mp_write_tagged(writer, (uint8_t)(0xa0 | bytes), 0, 0);
  else if (bytes <= 0xff)
    nx_mp_write_tagged(writer, 0xd9, bytes, 1);
  else if (bytes <= 0xffff)
    nx_mp_write_tagged(writer, 0xda, bytes, 2);
  else
    nx_mp_write_tagged(writer, 0xdb, bytes, 4);
}

static inline void nx_mp_write_raw(nx_mp_writer* writer, const void* data, size_t size) {
  uint8_t* at = nx_mp_take(writer, size);
  if (at != 0 && size != 0) memcpy(at, data, size);
}

/* `text` must be well-formed UTF-8: the writer does not look, the receiver's validator does. */
static inline void nx_mp_write_str(nx_mp_writer* writer, const char* text, size_t size) {
  if (size > UINT32_MAX) {
    if (writer->error == NX_MP_OK) writer->error = NX_MP_TOO_LARGE;
    return;
  }
  nx_mp_write_str_header(writer, (uint32_t)size);
  nx_mp_write_raw(writer, text, size);
}

static inline void nx_mp_write_array_header(nx_mp_writer* writer, uint32_t count) {
  if (count < 16)
    nx_mp_write_tagged(writer, (uint8_t)(0x90 | count), 0, 0);
  else if (count <= 0xffff)
    nx_mp_write_tagged(writer, 0xdc, count, 2);
  else
    nx_mp_write_tagged(writer, 0xdd, count, 4);
}

/* `count` pairs follow. */
static inline void nx_mp_write_map_header(nx_mp_writer* writer, uint32_t count) {
  if (count < 16)
    nx_mp_write_tagged(writer, (uint8_t)(0x80 | count), 0, 0);
  else if (count <= 0xffff)
    nx_mp_write_tagged(writer, 0xde, count, 2);
  else
    nx_mp_write_tagged(writer, 0xdf, count, 4);
}

/* ---- Reader --------------------------------------------------------------------------------- */

typedef enum nx_mp_type {
  NX_MP_NIL,
  NX_MP_BOOL,
  NX_MP_NUMBER,
  NX_MP_STR,
  NX_MP_ARRAY,
  NX_MP_MAP
} nx_mp_type;

/* One value, or the header of an array or map whose elements are the next tokens. */
typedef struct nx_mp_token {
  nx_mp_type type;
  uint32_t count;   /* of a boolean 0 or 1, a string's bytes, an array's elements, a map's pairs */
  double number;    /* NX_MP_NUMBER; 64-bit integers are rounded to the nearest double */
  const char* text; /* NX_MP_STR: points into the input, not terminated */
} nx_mp_token;

/* Walks bytes that nx_mp_validate() accepted. The caller knows from the counts when to stop. */
typedef struct nx_mp_reader {
  const uint8_t* next;
} nx_mp_reader;

static inline void nx_mp_reader_init(nx_mp_reader* reader, const void* validated) {
  reader->next = (const uint8_t*)validated;
}

/* The `bytes` bytes at `at` as an unsigned number, most significant first. */
static inline uint64_t nx_mp_load(const uint8_t* at, unsigned bytes) {
  uint64_t bits = 0;
  unsigned i;
  for (i = 0; i < bytes; ++i) bits = bits << 8 | at[i];
  return bits;
}

static inline double nx_mp_load_float(const uint8_t* at, unsigned bytes) {
  const uint64_t bits = nx_mp_load(at, bytes);
  if (bytes == 4) {
    const uint32_t narrow = (uint32_t)bits;
    float value;
    memcpy(&value, &narrow, sizeof value);
    return value;
  } else {
    double value;
    memcpy(&value, &bits, sizeof value);
    return value;
  }
}

/* The `bytes`-byte two's complement number at `at`. */
static inline double nx_mp_load_signed(const uint8_t* at, unsigned bytes) {
  const unsigned unused = 64 - 8 * bytes;
  const uint64_t bits = nx_mp_load(at, bytes) << unused;
  int64_t value;
  memcpy(&value, &bits, sizeof value);
  return (double)(value >> unused);
}

/* Payload bytes of 0xc0..0xdf after the tag: of the number, or of the length or count. */
static inline unsigned nx_mp_payload_bytes(uint8_t tag) {
  static const uint8_t kBytes[32] = {
      0, 0, 0, 0, 1, 2, 4, 1, 2, 4, 4, 8, 1, 2, 4, 8, /* c0..cf */
      1, 2, 4, 8, 1, 1, 1, 1, 1, 1, 2, 4, 2, 4, 2, 4, /* d0..df */
  };
  return kBytes[tag - 0xc0];
}

static inline nx_mp_token nx_mp_make_token(nx_mp_type type, uint32_t count, double number) {
  nx_mp_token token;
  token.type = type;
  token.count = count;
  token.number = number;
  token.text = 0;
  return token;
}

/* The token of a tag from 0xc0 to 0xdf whose payload stands at `payload`. */
static inline nx_mp_token nx_mp_read_tagged(uint8_t tag, const uint8_t* payload) {
  const unsigned bytes = nx_mp_payload_bytes(tag);
  if (tag <= 0xc3) {
    if (tag == 0xc0) return nx_mp_make_token(NX_MP_NIL, 0, 0);
    return nx_mp_make_token(NX_MP_BOOL, tag == 0xc3, 0);
  }
  if (tag <= 0xcb) return nx_mp_make_token(NX_MP_NUMBER, 0, nx_mp_load_float(payload, bytes));
  if (tag <= 0xcf) return nx_mp_make_token(NX_MP_NUMBER, 0, (double)nx_mp_load(payload, bytes));
  if (tag <= 0xd3) return nx_mp_make_token(NX_MP_NUMBER, 0, nx_mp_load_signed(payload, bytes));
  {
    const uint32_t count = (uint32_t)nx_mp_load(payload, bytes);
    const nx_mp_type type = tag <= 0xdb ? NX_MP_STR : tag <= 0xdd ? NX_MP_ARRAY : NX_MP_MAP;
    return nx_mp_make_token(type, count, 0);
  }
}

/* Takes the next token; of a string only its header, so `text` is where its bytes begin. */
static inline nx_mp_token nx_mp_read_header(nx_mp_reader* reader) {
  const uint8_t tag = *reader->next++;
  nx_mp_token token;
  if (tag < 0x80) return nx_mp_make_token(NX_MP_NUMBER, 0, tag);
  if (tag >= 0xe0) return nx_mp_make_token(NX_MP_NUMBER, 0, (double)tag - 256);
  if (tag < 0x90) return nx_mp_make_token(NX_MP_MAP, tag & 0x0fu, 0);
  if (tag < 0xa0) return nx_mp_make_token(NX_MP_ARRAY, tag & 0x0fu, 0);
  if (tag < 0xc0) {
    token = nx_mp_make_token(NX_MP_STR, tag & 0x1fu, 0);
  } else {
    token = nx_mp_read_tagged(tag, reader->next);
    reader->next += nx_mp_payload_bytes(tag);
  }
  token.text = (const char*)reader->next;
  return token;
}

/* Takes the next token; of an array or map the header, its elements are the next tokens. */
static inline nx_mp_token nx_mp_read(nx_mp_reader* reader) {
  const nx_mp_token token = nx_mp_read_header(reader);
  if (token.type == NX_MP_STR) reader->next += token.count;
  return token;
}

/* ---- Validator ------------------------------------------------------------------------------ */

/* Checks that the tag at `at` is one we speak and that its fixed payload is there and finite. */
static inline int nx_mp_check_tag(const uint8_t* at, size_t left) {
  const uint8_t tag = at[0];
  if (tag < 0xc0 || tag >= 0xe0) return NX_MP_OK;
  if (tag == 0xc1) return NX_MP_RESERVED;
  if ((tag >= 0xc4 && tag <= 0xc9) || (tag >= 0xd4 && tag <= 0xd8)) return NX_MP_BAD_TYPE;
  if (left - 1 < nx_mp_payload_bytes(tag)) return NX_MP_TRUNCATED;
  if (tag == 0xca && (at[1] & 0x7f) == 0x7f && (at[2] & 0x80) != 0) return NX_MP_NOT_FINITE;
  if (tag == 0xcb && (at[1] & 0x7f) == 0x7f && (at[2] & 0xf0) == 0xf0) return NX_MP_NOT_FINITE;
  return NX_MP_OK;
}

/*
 * Reads the token at `*at`, moves `*at` past it, and checks what can be checked of it alone: the
 * bytes are there, a string is UTF-8, and an array or map can have as many elements as it says.
 */
static inline int nx_mp_check_token(const uint8_t** at, const uint8_t* end, nx_mp_token* token) {
  const int status = nx_mp_check_tag(*at, (size_t)(end - *at));
  nx_mp_reader reader;
  size_t left;
  if (status != NX_MP_OK) return status;
  nx_mp_reader_init(&reader, *at);
  *token = nx_mp_read_header(&reader);
  left = (size_t)(end - reader.next);
  if (token->type == NX_MP_STR) {
    if (token->count > left) return NX_MP_BAD_COUNT;
    if (nx_mp_utf8_prefix(reader.next, token->count) != token->count) return NX_MP_BAD_UTF8;
    reader.next += token->count;
  }
  if (token->type == NX_MP_ARRAY && token->count > left) return NX_MP_BAD_COUNT;
  if (token->type == NX_MP_MAP && token->count > left / 2) return NX_MP_BAD_COUNT;
  *at = reader.next;
  return NX_MP_OK;
}

/*
 * NX_MP_OK when the `size` bytes at `data` are exactly one value that nx_mp_read() can walk and
 * whose arrays and maps nest at most `max_depth` deep (a scalar has depth 0, an empty array 1);
 * else the code of the first thing wrong. One pass in time linear to `size`, about 1 KiB of stack.
 * Equal keys in one map are accepted: what they mean is the reader's business.
 */
static inline int nx_mp_validate(const uint8_t* data, size_t size, uint32_t max_depth) {
  struct {
    uint32_t items; /* values still to come; keys of maps count */
    int is_map;
  } open[NX_MP_MAX_DEPTH];
  const uint8_t* at = data;
  const uint8_t* end;
  uint32_t depth = 0;
  if (size == 0) return NX_MP_TRUNCATED;
  if (size > UINT32_MAX) return NX_MP_TOO_LARGE;
  end = data + size;
  if (max_depth > NX_MP_MAX_DEPTH) max_depth = NX_MP_MAX_DEPTH;
  do {
    nx_mp_token token;
    int status;
    if (at == end) return NX_MP_TRUNCATED;
    status = nx_mp_check_token(&at, end, &token);
    if (status != NX_MP_OK) return status;
    if (depth > 0) {
      if (open[depth - 1].is_map && open[depth - 1].items % 2 == 0 && token.type != NX_MP_STR)
        return NX_MP_BAD_KEY;
      --open[depth - 1].items;
    }
    if (token.type == NX_MP_ARRAY || token.type == NX_MP_MAP) {
      if (depth == max_depth) return NX_MP_TOO_DEEP;
      open[depth].is_map = token.type == NX_MP_MAP;
      open[depth].items = token.type == NX_MP_MAP ? token.count * 2 : token.count;
      ++depth;
    }
    while (depth > 0 && open[depth - 1].items == 0) --depth;
  } while (depth > 0);
  return at == end ? NX_MP_OK : NX_MP_TRAILING;
}
