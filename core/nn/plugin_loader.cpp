// SPDX-License-Identifier: Apache-2.0
#include "core/nn/plugin_loader.h"

#include "core/base/log.h"
#include "core/base/text.h"
#include "core/nn/engine_plugin.h"
#include "core/nn/plugin_parts.h"
#include "core/nn/prepare_plugins.h"
#include "core/spec/plugin_use.h"

#include <chrono>
#include <dlfcn.h>
#include <future>
#include <thread>
#include <utility>

namespace orrery::nn {

namespace {

constexpr auto kStopLimit = std::chrono::seconds(5);
constexpr const char *kRebuildHint = "Build the plugin again with the headers of this program.";

Error refusal(const std::string &id, const std::string &reason, const std::string &hint)
{
    return Error{ErrorCode::InvalidInput, "Cannot use plugin \"" + id + "\": " + reason, hint};
}

std::string withoutFinalDot(std::string text)
{
    if (text.ends_with('.')) text.pop_back();
    return text;
}

/// Other versions of the interface that a library has the symbol of.
std::string otherInterface(void *library)
{
    for (int version = 0; version < 10; ++version)
        if (version != kPluginApiVersion &&
            ::dlsym(library, (kEngineEntryName + std::to_string(version)).c_str()))
            return std::to_string(version);
    return {};
}

Result<void *> openLibrary(const std::string &id, const std::filesystem::path &path)
{
    const auto failed = [&](const std::string &reason) {
        return refusal(id, "its library could not be loaded (" + sanitizeUtf8(reason.substr(0, 500)) + ").",
                       kRebuildHint);
    };
    try {
        // Local: two plugins may have symbols of one name. Never closed: code may still run, and torch keeps
        // pointers.
        if (void *library = ::dlopen(path.c_str(), RTLD_NOW | RTLD_LOCAL)) return library;
        const char *reason = ::dlerror();
        return failed(reason ? reason : "unknown");
    } catch (const std::exception &error) {
        return failed(error.what());
    } catch (...) {
        return failed("it threw something while it was loaded");
    }
}

Result<const EnginePluginEntry *> findEntry(const std::string &id, const std::filesystem::path &path)
{
    ORRERY_ASSIGN(void *const library, openLibrary(id, path));
    const std::string expected = std::to_string(kPluginApiVersion);
    const std::string name = kEngineEntryName + expected;
    auto *function = reinterpret_cast<EngineEntryFunction *>(::dlsym(library, name.c_str()));
    if (!function) {
        const std::string other = otherInterface(library);
        if (other.empty())
            return refusal(id, "its library \"" + path.string() + "\" has no symbol " + name + ".",
                           "Put ORRERY_ENGINE_PLUGIN into one of its sources.");
        return refusal(id,
                       "its library was built for version " + other + " of the plugin interface, expected " +
                           expected + ".",
                       kRebuildHint);
    }
    const EnginePluginEntry *entry = function();
    if (!entry || entry->size < sizeof(EnginePluginEntry) || !entry->create || !entry->destroy ||
        !entry->id || !entry->torchVersion)
        return refusal(id, "what its library describes is incomplete.", kRebuildHint);
    if (entry->apiVersion != kPluginApiVersion)
        return refusal(id,
                       "its library was built for version " + std::to_string(entry->apiVersion) +
                           " of the plugin interface, expected " + expected + ".",
                       kRebuildHint);
    if (entry->id != id)
        return refusal(id,
                       "its library is that of plugin \"" +
                           sanitizeUtf8(std::string_view(entry->id).substr(0, 80)) + "\".",
                       "Restore the plugin's folder.");
    if (std::string_view(entry->torchVersion) != TORCH_VERSION)
        return refusal(id,
                       "its library was built with LibTorch " +
                           sanitizeUtf8(std::string_view(entry->torchVersion).substr(0, 40)) +
                           ", expected " TORCH_VERSION ".",
                       kRebuildHint);
    if (entry->layout != engineLayout())
        return refusal(id, "its library was built with headers of another version of this program.",
                       kRebuildHint);
    return entry;
}

/// An error or exception of the plugin as the reason why it cannot be used. @param what "create()"
template <typename Function>
Result<void> attempt(const std::string &id, const PluginGuard &guard, const char *what, Function &&function)
{
    const auto failed = [&](const std::string &reason, const std::string &hint) {
        return refusal(id,
                       std::string(what) +
                           " failed: " + withoutFinalDot(sanitizeUtf8(reason.substr(0, 2000))) + ".",
                       hint.empty() ? "Ask the plugin's author, or run without it." : hint);
    };
    try {
        Result<void> result = guard(function);
        if (result.ok()) return result;
        return failed(result.error().message, result.error().hint);
    } catch (const PluginFailure &failure) {
        return failed(failure.reason(), "");
    } catch (const std::exception &error) {
        return failed(error.what(), "");
    }
}

Result<EnginePlugin *> createPlugin(const std::string &id, const PluginGuard &guard,
                                    const EnginePluginEntry &entry)
{
    EnginePlugin *plugin = nullptr;
    ORRERY_TRY(attempt(id, guard, "create()", [&]() -> Result<void> {
        plugin = entry.create();
        if (plugin) return {};
        return Error{ErrorCode::InvalidInput, "It made nothing.", kRebuildHint};
    }));
    return plugin;
}

} // namespace

/// One plugin of this process, from create to destroy, and the context that it was given.
class EnginePlugins::Instance final : public EngineContext {
public:
    Instance(PluginInfo info, std::map<std::string, FieldValue> settings,
             const std::vector<PointOpener> &points)
        : m_info(std::move(info)), m_guard(m_info.id), m_settings(std::move(settings))
    {
        for (const PointOpener &open : points) m_points.push_back(open(m_info));
    }
    Result<void> open(const std::filesystem::path &library)
    {
        ORRERY_ASSIGN(m_entry, findEntry(m_info.id, library));
        ORRERY_ASSIGN(m_plugin, createPlugin(m_info.id, m_guard, *m_entry));
        ORRERY_TRY(run("configure()", [this] { return m_plugin->configure(*this); }));
        return checkRegistered();
    }
    /// As far as it goes without settings that somebody chose.
    Result<void> tryOut(const std::filesystem::path &library)
    {
        ORRERY_ASSIGN(m_entry, findEntry(m_info.id, library));
        ORRERY_ASSIGN(m_plugin, createPlugin(m_info.id, m_guard, *m_entry));
        bool isAboutSettings = false;
        const Result<void> configured = run("configure()", [&]() -> Result<void> {
            try {
                Result<void> result = m_plugin->configure(*this);
                isAboutSettings = !result.ok();
                return result;
            } catch (const SettingError &) {
                isAboutSettings = true;
                throw;
            }
        });
        if (!configured.ok() && !isAboutSettings) return configured;
        if (configured.ok()) ORRERY_TRY(checkRegistered());
        return run("destroy()", [this]() -> Result<void> {
            m_entry->destroy(std::exchange(m_plugin, nullptr));
            return {};
        });
    }
    Result<void> checkRegistered() const
    {
        for (const auto &point : m_points)
            if (const std::string name = point->missingName(); !name.empty())
                return refusal(m_info.id,
                               "its library did not register \"" + name +
                                   "\", which its JSON lists under \"provides\".",
                               kRebuildHint);
        return {};
    }
    Result<void> start()
    {
        return run("start()", [this] { return m_plugin->start(); });
    }

    /// stop() and destruction, without letting either hold up the process.
    static void shutDown(std::shared_ptr<Instance> self)
    {
        if (self->m_plugin) {
            // The thread keeps the context: a plugin that does not come back in time may still use it.
            auto done = std::make_shared<std::promise<void>>();
            const std::future<void> isDone = done->get_future();
            std::thread([self, done] {
                self->tryOnTheWayDown([&] { self->m_plugin->stop(); });
                self->tryOnTheWayDown([&] { self->m_entry->destroy(self->m_plugin); });
                done->set_value();
            }).detach();
            if (isDone.wait_for(kStopLimit) != std::future_status::ready)
                logWarning("Plugin " + self->m_info.id + " did not stop within 5 s and is left behind.");
        }
        for (const auto &point : self->m_points) point->close();
    }

    [[nodiscard]] const std::string &id() const override { return m_info.id; }
    [[nodiscard]] const PluginSettings &settings() const override { return m_settings; }
    [[nodiscard]] PluginRegistry<FeedForward> &feedForwards() override { return parts<FeedForward>(); }
    [[nodiscard]] PluginRegistry<Block> &blocks() override { return parts<Block>(); }
    [[nodiscard]] PluginRegistry<AttentionSource> &attentionSources() override
    {
        return parts<AttentionSource>();
    }
    [[nodiscard]] PluginRegistry<ResidualModule> &residualModules() override
    {
        return parts<ResidualModule>();
    }
    [[nodiscard]] PluginPoint *findPoint(std::string_view point) override
    {
        for (const auto &opened : m_points)
            if (point == opened->name()) return &opened->registry();
        return nullptr;
    }
    [[nodiscard]] PluginPoint *findPointOf(std::string_view point, uint64_t layout) override
    {
        for (const auto &opened : m_points) {
            if (point != opened->name()) continue;
            if (layout == opened->layout()) return &opened->registry();
            throw PluginFailure(m_info.id,
                                "its library was built with headers of another version of this program, "
                                "in which the parts of \"" +
                                    std::string(point) + "\" are handed other things");
        }
        return nullptr;
    }
    void log(std::string_view text) override
    {
        logInfo("plugin " + m_info.id + ": " + sanitizeUtf8(text.substr(0, 4096)));
    }

private:
    template <typename Function> Result<void> run(const char *what, Function &&function)
    {
        return attempt(m_info.id, m_guard, what, std::forward<Function>(function));
    }
    /// One call on the way down: what it throws is only told.
    template <typename Function> void tryOnTheWayDown(Function &&function)
    {
        try {
            m_guard(function);
        } catch (const std::exception &error) {
            logWarning(std::string("On the way down, ") + error.what());
        }
    }

    PluginInfo m_info;
    PluginGuard m_guard;
    PluginSettings m_settings;
    std::vector<std::unique_ptr<OpenedPoint>> m_points;
    const EnginePluginEntry *m_entry = nullptr;
    EnginePlugin *m_plugin = nullptr; ///< freed by the library that made it
};

namespace {

std::vector<PointOpener> withPointsOfModel(std::vector<PointOpener> points)
{
    std::vector<PointOpener> all{pointOf(feedForwardRegistry()),     pointOf(blockRegistry()),
                                 pointOf(attentionSourceRegistry()), pointOf(residualModuleRegistry()),
                                 pointOf(headModuleRegistry()),      pointOf(maskPolicyRegistry()),
                                 pointOf(probeRegistry())};
    for (PointOpener &point : points) all.push_back(std::move(point));
    return all;
}

} // namespace

EnginePlugins::EnginePlugins(std::vector<PointOpener> points) : m_points(withPointsOfModel(std::move(points))) {}
EnginePlugins::~EnginePlugins() { stop(); }

Result<void> EnginePlugins::load(const PluginCatalogue &catalogue, const RunSpec &spec)
{
    stop();
    const FieldTable::Ptr table = catalogue.fieldTable();
    ORRERY_TRY(checkPluginUse(spec, *table));
    std::map<std::string, std::string> frozen;
    for (const std::string &text : spec.plugins.use)
        if (const auto reference = parsePluginReference(text)) frozen[reference->id] = reference->version;

    std::vector<LoadedPlugin> loaded;
    const auto undo = [this](Error error) {
        stop();
        return error;
    };
    for (const std::string &id : pluginsUsedBy(spec, *table)) {
        const PluginRecord *record = catalogue.find(id);
        loaded.push_back({id, record->info.version, frozen[id]});
        if (record->engineLibrary.empty()) continue; // a window's plugin
        auto settings = pluginSettings(spec, *table, id);
        if (!settings) return undo(settings.error());
        m_instances.push_back(std::make_shared<Instance>(record->info, std::move(*settings), m_points));
        if (auto opened = m_instances.back()->open(record->engineLibrary); !opened)
            return undo(opened.error());
    }
    for (const auto &instance : m_instances)
        if (auto started = instance->start(); !started) return undo(started.error());
    m_loaded = std::move(loaded);
    return {};
}

void EnginePlugins::stop()
{
    while (!m_instances.empty()) {
        Instance::shutDown(std::move(m_instances.back()));
        m_instances.pop_back();
    }
    m_loaded.clear();
}

Result<void> checkEngineLibrary(const std::string &id, const std::filesystem::path &library)
{
    ORRERY_ASSIGN(const EnginePluginEntry *const entry, findEntry(id, library));
    const PluginGuard guard(id);
    ORRERY_ASSIGN(EnginePlugin *const plugin, createPlugin(id, guard, *entry));
    return attempt(id, guard, "destroy()", [&]() -> Result<void> {
        entry->destroy(plugin);
        return {};
    });
}

Result<void> tryEnginePlugin(const PluginRecord &record, const FieldTable &table, std::vector<PointOpener> points)
{
    return EnginePlugins::tryOut(record, table, withPointsOfModel(std::move(points)));
}

Result<void> EnginePlugins::tryOut(const PluginRecord &record, const FieldTable &table,
                                   const std::vector<PointOpener> &points)
{
    ORRERY_ASSIGN(auto settings, pluginSettings(RunSpec{}, table, record.info.id));
    // Never destroyed: its points would look for what a plugin that fell over had left.
    auto *instance = new Instance(record.info, std::move(settings), points);
    return instance->tryOut(record.engineLibrary);
}

Result<void> preparePlugins(const PreparePlugins &prepare, const RunSpec &spec)
{
    if (spec.plugins.use.empty()) return {};
    if (prepare) return prepare(spec);
    return Error{ErrorCode::InvalidInput,
                 "Cannot use plugins " + joinText(spec.plugins.use, ", ") + ": this program loads none.",
                 "Use orrery-engine, which does."};
}

const FieldValue &PluginSettings::find(const std::string &name) const
{
    const auto found = m_values.find(name);
    if (found == m_values.end())
        throw std::out_of_range("it asked for setting \"" + name + "\", which its JSON does not declare");
    return found->second;
}

void PluginSettings::throwWrongType(const std::string &name)
{
    throw std::invalid_argument("it asked for setting \"" + name +
                                "\" as another type than its JSON declares");
}

} // namespace orrery::nn
