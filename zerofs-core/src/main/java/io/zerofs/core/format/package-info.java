// SPDX-License-Identifier: AGPL-3.0-only
/**
 * Persisted forms: the key space of a volume below 0x80 and the records of its keys. Bytes in, bytes out, no I/O.
 * {@code docs/storage-format-records.md} is the normative text and golden files pin the bytes.
 */
package io.zerofs.core.format;
