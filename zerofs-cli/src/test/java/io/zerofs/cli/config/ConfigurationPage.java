// SPDX-License-Identifier: AGPL-3.0-only
package io.zerofs.cli.config;

import io.zerofs.core.secret.Secret;
import java.net.URI;
import java.nio.file.Path;
import java.time.OffsetDateTime;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/** Writes the tables of {@code docs/configuration.md} from the records. */
final class ConfigurationPage {
    private final List<String> lines = new ArrayList<>();

    static String tables() {
        ConfigurationPage page = new ConfigurationPage();
        page.sections("", ZerofsConfig.class);
        return String.join("\n", page.lines) + "\n";
    }

    private void sections(String parent, Class<? extends Record> type) {
        for (Key key : Key.of(type)) {
            if (key.isSection()) {
                section(parent.isEmpty() ? key.name() : parent + "." + key.name(), key);
            }
        }
    }

    private void section(String name, Key section) {
        List<Key> keys = Key.of(section.sectionType()).stream()
                .filter(key -> !key.isSection())
                .toList();
        lines.add("## [" + name + "]");
        lines.add("");
        lines.add(section.setting().value() + (section.optional() ? " The section may be left out." : ""));
        lines.add("");
        if (!keys.isEmpty()) {
            lines.add("| key | type | default | range | secret? | meaning |");
            lines.add("| --- | --- | --- | --- | --- | --- |");
            keys.forEach(this::row);
            lines.add("");
        }
        sections(name, section.sectionType());
    }

    private void row(Key key) {
        Setting setting = key.setting();
        String byDefault =
                key.byDefault().isEmpty() ? (key.optional() ? "none" : "required") : "`" + key.byDefault() + "`";
        String range = Double.isInfinite(setting.min())
                ? choices(key.type())
                : Values.plain(setting.min()) + " to " + Values.plain(setting.max());
        String secret = key.type() == Secret.class ? "secret" : "";
        lines.add(Stream.of("`" + key.name() + "`", typeName(key), byDefault, range, secret, setting.value())
                .collect(Collectors.joining(" | ", "| ", " |"))
                .replace("|  |", "| |")
                .replace("|  |", "| |"));
    }

    private static String choices(Class<?> type) {
        return type.isEnum()
                ? Stream.of(type.getEnumConstants())
                        .map(constant -> "`\"" + constant.toString().toLowerCase(Locale.ROOT) + "\"`")
                        .collect(Collectors.joining(", "))
                : "";
    }

    private static String typeName(Key key) {
        String name;
        if (key.type() == boolean.class || key.type() == Boolean.class) {
            name = "switch";
        } else if (key.type() == int.class || key.type() == Long.class) {
            name = "whole number";
        } else if (key.type() == double.class || key.type() == Double.class) {
            name = "number";
        } else if (key.type() == OffsetDateTime.class) {
            name = "time";
        } else if (key.type() == Path.class) {
            name = "path";
        } else if (key.type() == URI.class || key.type() == StoreLocation.class) {
            name = "URL";
        } else {
            name = "string";
        }
        return key.list() ? "list of " + name + "s" : name;
    }
}
