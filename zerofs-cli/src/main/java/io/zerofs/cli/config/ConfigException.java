// SPDX-License-Identifier: AGPL-3.0-only
package io.zerofs.cli.config;

/** Says in one line, with file and line number, what is wrong with a configuration. Carries no values of secrets. */
public final class ConfigException extends Exception {
    public ConfigException(String message) {
        super(message);
    }
}
