// SPDX-License-Identifier: Apache-2.0
// What is known of a plugin without loading it: the values behind `plugins list`, the window's page and the
// field table. Made by core/plugin from manifests, or received from a host. Values; any thread.
#pragma once

#include "core/base/result.h"
#include "core/spec/field.h"

#include <compare>
#include <string>
#include <string_view>
#include <vector>

namespace orrery {

enum class PluginState : uint8_t {
    Unknown,
    Available,
    Disabled, ///< nothing is wrong with it, but what it requires cannot be used
    Refused,  ///< its folder, manifest or library breaks a rule
};
const char *pluginStateName(PluginState state);

/// A name that a plugin adds to an extension point.
struct ProvidedPart {
    std::string point; ///< "FeedForward"
    std::string name;  ///< as a spec writes it: "relu_squared"
    bool operator==(const ProvidedPart &) const = default;
};
struct PluginRequirement {
    std::string id;
    std::string version; ///< the oldest that will do, of the same major version; empty: any
    bool operator==(const PluginRequirement &) const = default;
};

/// What a part of a plugin costs, as formulas (core/spec/formula.h) over the plugin's settings by their short
/// names and the model's layers, width, heads, context and window. Empty: nothing.
struct PluginCost {
    std::string name;        ///< "registers"
    std::string parameters;  ///< how many
    std::string idle;        ///< of these, what a token does not pass through; below 0: work, 6 FLOP each
    std::string activations; ///< numbers that training keeps of each token
    std::string cache;       ///< numbers that a generated text keeps beside keys and values
    bool operator==(const PluginCost &) const = default;
};

struct PluginInfo {
    std::string id; ///< "example_ffn"; the folder's name when the manifest could not be read
    std::string name;
    std::string version; ///< "1.0.0"
    int64_t apiVersion = 0;
    PluginState state = PluginState::Unknown;
    std::string reason;    ///< why it cannot be used: a sentence; empty when available
    std::string hint;      ///< the next step
    std::string directory; ///< absolute
    bool isExperimental = false;
    bool hasEngine = false; ///< a half that the worker loads
    bool hasUi = false;     ///< a half that the window loads
    std::vector<ProvidedPart> provides;
    std::vector<PluginRequirement> requirements;
    std::vector<Field> settings; ///< keys "plugins.<id>.<name>"
    std::vector<PluginCost> costs;

    /// The reason behind a colon: "cannot read …".
    [[nodiscard]] std::string reasonInSentence() const;
    [[nodiscard]] bool isUsable() const { return state == PluginState::Available; }
};

/// Two versions fit when their major numbers are equal.
struct PluginVersion {
    int64_t major = 0;
    int64_t minor = 0;
    int64_t patch = 0;
    auto operator<=>(const PluginVersion &) const = default;
};
/// "1", "1.2" or "1.2.3". @error InvalidInput
Result<PluginVersion> parsePluginVersion(std::string_view text);

/// Names of plugins, of their settings and of what they provide: a lower-case letter, then letters, digits
/// and "_"; at most 64 bytes, and never "use".
bool isPluginName(std::string_view name);
/// The extension points that plugins of this program's API may extend.
const std::vector<std::string> &extensionPointNames();

/// The newest version of the plugin interface that this program speaks; a plugin names the one it was written
/// for.
inline constexpr int64_t kPluginApiVersion = 1;

} // namespace orrery
