// SPDX-License-Identifier: AGPL-3.0-only
/**
 * The configuration file: a tree of records that says what every key is, and the loader that turns TOML into it or
 * explains in one line why it cannot.
 */
package io.zerofs.cli.config;
