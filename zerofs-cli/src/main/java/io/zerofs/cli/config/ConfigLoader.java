// SPDX-License-Identifier: AGPL-3.0-only
package io.zerofs.cli.config;

import java.io.IOException;
import java.nio.charset.CharacterCodingException;
import java.nio.file.AccessDeniedException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import org.tomlj.Toml;
import org.tomlj.TomlParseError;
import org.tomlj.TomlParseResult;

/** Reads a configuration file or reports its faults. */
public final class ConfigLoader {
    private static final long FILE_BYTES_MAX = 1 << 20;

    private static final String UNEXPECTED = "Unexpected '";

    /** Characters of a file that a message may have. */
    private static final int QUOTED_MAX = 3;

    /** The byte order mark, with which some editors begin a file. */
    private static final String BYTE_ORDER_MARK = "\uFEFF";

    private final Environment environment;

    private final boolean withSecrets;

    public ConfigLoader(Environment environment) {
        this(environment, true);
    }

    private ConfigLoader(Environment environment, boolean withSecrets) {
        this.environment = environment;
        this.withSecrets = withSecrets;
    }

    /** Returns a loader for commands that need no secret: secrets are placeholders, and their variables may be missing. */
    public ConfigLoader withoutSecrets() {
        return new ConfigLoader(environment, false);
    }

    public ZerofsConfig load(Path file) throws ConfigException {
        return parse(file.toString(), read(file));
    }

    /** @param name the file's name in messages */
    ZerofsConfig parse(String name, String toml) throws ConfigException {
        TomlParseResult result = parsed(name, toml);
        if (result.hasErrors()) {
            TomlParseError error = result.errors().get(0);
            throw new ConfigException(name + ":" + error.position().line() + ": " + shown(error.getMessage()));
        }
        return new RecordBinder(name, new Substitution(environment, withSecrets)).bind(ZerofsConfig.class, result);
    }

    /** The parser quotes what it did not expect, which may be the rest of a line with a password in it. */
    private static String shown(String message) {
        int from = UNEXPECTED.length() + QUOTED_MAX;
        int end = message.lastIndexOf("', expected");
        int to = end < 0 ? message.length() - 1 : end;
        return message.startsWith(UNEXPECTED) && from < to
                ? message.substring(0, from) + "…" + message.substring(to)
                : message;
    }

    /** Parses the text. For some wrong texts the parser fails as if it had a bug of its own. */
    private static TomlParseResult parsed(String name, String toml) throws ConfigException {
        try {
            return Toml.parse(toml);
        } catch (AssertionError | RuntimeException e) {
            throw new ConfigException(name + ": not TOML; look for characters that do not belong there");
        }
    }

    private static String read(Path file) throws ConfigException {
        try {
            if (Files.size(file) > FILE_BYTES_MAX) {
                throw new ConfigException(
                        file + ": larger than " + FILE_BYTES_MAX + " bytes; is this a configuration?");
            }
            String text = Files.readString(file);
            return text.startsWith(BYTE_ORDER_MARK) ? text.substring(BYTE_ORDER_MARK.length()) : text;
        } catch (NoSuchFileException e) {
            throw new ConfigException(file + ": no such file; `zerofs init " + file + "` writes one");
        } catch (AccessDeniedException e) {
            throw new ConfigException(file + ": permission denied");
        } catch (CharacterCodingException e) {
            throw new ConfigException(file + ": not UTF-8 text");
        } catch (IOException e) {
            throw new ConfigException(file + ": cannot be read: " + e.getMessage());
        }
    }
}
