// SPDX-License-Identifier: GPL-3.0-or-later
// A window half that does while it is loaded what ORRERY_TEST_FALL says; without it, it is a good one.
#include "widgets/plugins/ui_plugin.h"

#include <cstdlib>
#include <stdexcept>
#include <string_view>
#include <unistd.h>

namespace {

using namespace orrery;

std::string_view asked()
{
    const char *value = std::getenv("ORRERY_TEST_FALL");
    return value ? value : "";
}

struct Constructed {
    Constructed()
    {
        if (asked() == "throws") throw std::runtime_error("a constructor threw");
        if (asked() == "exits") std::exit(0);
        while (asked() == "hangs") ::pause();
    }
} constructed;

class Falls final : public ui::UiPlugin {
public:
    Result<void> configure(ui::UiContext &) override { return {}; }
    Result<void> start() override { return {}; }
    void stop() override {}
};

const ui::UiPluginEntry entry = {sizeof(ui::UiPluginEntry),
                                 static_cast<uint32_t>(kPluginApiVersion),
                                 QT_VERSION,
                                 ui::uiLayout(),
                                 "falls",
                                 []() -> ui::UiPlugin * { return new Falls; },
                                 [](ui::UiPlugin *plugin) { delete plugin; }};

} // namespace

extern "C" __attribute__((visibility("default"))) const ui::UiPluginEntry *orrery_plugin_ui_v1()
{
    if (asked() == "entry aborts") std::abort();
    return &entry;
}
