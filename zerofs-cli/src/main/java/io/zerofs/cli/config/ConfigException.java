// SPDX-License-Identifier: AGPL-3.0-only
package io.zerofs.cli.config;

/** A wrong configuration. The message is one line with file and line number, and has no values of secrets. */
public final class ConfigException extends Exception {
    public ConfigException(String message) {
        super(message);
    }
}
