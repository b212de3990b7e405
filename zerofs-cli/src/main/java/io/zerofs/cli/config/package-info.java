// SPDX-License-Identifier: AGPL-3.0-only
/**
 * The configuration file: a tree of records that describes every key, and the loader that makes the records from TOML or
 * reports the fault in one line.
 */
package io.zerofs.cli.config;
