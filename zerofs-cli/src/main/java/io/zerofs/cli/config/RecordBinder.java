// SPDX-License-Identifier: AGPL-3.0-only
package io.zerofs.cli.config;

import java.lang.reflect.InvocationTargetException;
import java.lang.reflect.RecordComponent;
import java.util.Arrays;
import java.util.Comparator;
import java.util.Iterator;
import java.util.List;
import java.util.Optional;
import org.tomlj.Toml;
import org.tomlj.TomlPosition;
import org.tomlj.TomlTable;

/** Makes records from TOML tables, section by section. The components of a record are its permitted keys. */
final class RecordBinder {
    private final String fileName;
    private final Values values;

    RecordBinder(String fileName, Substitution substitution) {
        this.fileName = fileName;
        this.values = new Values(substitution);
    }

    /** A table with its dotted name, which is empty for the whole file. */
    private record Section(String name, TomlTable table, Optional<TomlPosition> position) {
        Object get(String key) {
            return table.get(List.of(key));
        }

        /** Returns the position of a key, else of its section. */
        Optional<TomlPosition> positionOf(String key) {
            return Optional.ofNullable(table.inputPositionOf(List.of(key))).or(() -> position);
        }

        String nameOf(String key) {
            return name.isEmpty() ? key : name + "." + key;
        }

        String describe(String key) {
            return name.isEmpty() ? key : "[" + name + "] " + key;
        }
    }

    <T extends Record> T bind(Class<T> type, TomlTable table) throws ConfigException {
        return bind(type, new Section("", table, Optional.empty()));
    }

    private <T extends Record> T bind(Class<T> type, Section section) throws ConfigException {
        List<Key> keys = Key.of(type);
        refuseUnknown(keys, section);
        return make(type, keys.iterator(), section);
    }

    /** @param keys the keys of the components, in their order */
    private <T extends Record> T make(Class<T> type, Iterator<Key> keys, Section section) throws ConfigException {
        RecordComponent[] components = type.getRecordComponents();
        Object[] arguments = new Object[components.length];
        for (int i = 0; i < arguments.length; i++) {
            if (components[i].isAnnotationPresent(Inlined.class)) {
                arguments[i] = make(components[i].getType().asSubclass(Record.class), keys, section);
                continue;
            }
            Key key = keys.next();
            Object value = key.isSection() ? subsection(key, section) : value(key, section);
            arguments[i] = key.optional() ? Optional.ofNullable(value) : value;
        }
        return construct(type, arguments, section);
    }

    private <T extends Record> T construct(Class<T> type, Object[] arguments, Section section) throws ConfigException {
        Class<?>[] types = Arrays.stream(type.getRecordComponents())
                .map(RecordComponent::getType)
                .toArray(Class<?>[]::new);
        try {
            return type.getDeclaredConstructor(types).newInstance(arguments);
        } catch (InvocationTargetException e) {
            if (e.getCause() instanceof IllegalArgumentException rule) {
                String where = section.name().isEmpty() ? "" : "[" + section.name() + "] ";
                throw failure(section.position(), where + rule.getMessage());
            }
            throw new IllegalStateException(e);
        } catch (ReflectiveOperationException e) {
            throw new IllegalStateException(e);
        }
    }

    private Object subsection(Key key, Section parent) throws ConfigException {
        String name = parent.nameOf(key.name());
        Object found = parent.get(key.name());
        if (found == null) {
            // A section may be omitted if all its keys have defaults. Otherwise the message names the missing key.
            return key.optional() ? null : bind(key.sectionType(), new Section(name, Toml.parse(""), Optional.empty()));
        }
        if (found instanceof TomlTable table) {
            return bind(key.sectionType(), new Section(name, table, parent.positionOf(key.name())));
        }
        throw failure(parent.positionOf(key.name()), "\"" + name + "\" must be a section, [" + name + "]");
    }

    private Object value(Key key, Section section) throws ConfigException {
        String also = key.setting().also();
        boolean byOther = !also.isEmpty() && section.get(also) != null;
        if (byOther && section.get(key.name()) != null) {
            throw failure(section.positionOf(also), section.describe(also) + " is another name of " + key.name());
        }
        Object found = section.get(byOther ? also : key.name());
        if (found == null) {
            if (key.optional()) {
                return null;
            }
            found = key.defaultValue()
                    .orElseThrow(() -> failure(section.position(), section.describe(key.name()) + " is missing"));
        }
        try {
            return values.convert(key, found);
        } catch (IllegalArgumentException e) {
            String written = byOther ? also : key.name();
            throw failure(section.positionOf(written), section.describe(written) + ": " + e.getMessage());
        }
    }

    private void refuseUnknown(List<Key> keys, Section section) throws ConfigException {
        List<String> known = keys.stream().map(Key::name).toList();
        List<String> others = keys.stream().map(key -> key.setting().also()).toList();
        Optional<String> unknown = section.table().keySet().stream()
                .filter(name -> !known.contains(name) && !others.contains(name))
                .min(Comparator.comparingInt(
                        name -> section.positionOf(name).map(TomlPosition::line).orElse(0)));
        if (unknown.isPresent()) {
            String hint = OtherNames.advice(section.name(), unknown.get())
                    .or(() -> NearestName.of(unknown.get(), known).map(name -> "did you mean \"" + name + "\"?"))
                    .orElseGet(() -> "known are " + String.join(", ", known));
            String where = section.name().isEmpty() ? "" : " in [" + section.name() + "]";
            throw failure(
                    section.positionOf(unknown.get()), "unknown key \"" + unknown.get() + "\"" + where + "; " + hint);
        }
    }

    private ConfigException failure(Optional<TomlPosition> position, String message) {
        String line = position.map(found -> ":" + found.line()).orElse("");
        return new ConfigException(fileName + line + ": " + message);
    }
}
