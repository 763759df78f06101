// SPDX-License-Identifier: Apache-2.0
#include "golden_models.h"

#include "core/base/assert.h"
#include "core/infer/interchange/load_foreign.h"
#include "core/tensorfile/safetensors.h"

#include <torch/types.h>

#include <cstring>
#include <fstream>

namespace orrery::test {

namespace fs = std::filesystem;

fs::path goldenModel(const std::string &name)
{
    return fs::path(ORRERY_TEST_DATA) / ".." / "infer" / "golden" / name;
}

Expected expectedOf(const fs::path &model)
{
    const auto reader = SafetensorsReader::open(model / "expected.safetensors");
    ORRERY_ASSERT(reader.ok());
    const auto read = [&](const char *name, at::ScalarType type) {
        const TensorInfo *info = reader->find(name);
        ORRERY_ASSERT(info);
        at::Tensor tensor = at::empty(std::vector<int64_t>(info->shape.begin(), info->shape.end()), type);
        ORRERY_ASSERT(tensor.nbytes() == info->numBytes);
        std::memcpy(tensor.data_ptr(), reader->bytes(*info).data(), tensor.nbytes());
        return tensor;
    };
    return {read("ids", at::kLong), read("logits", at::kFloat)};
}

void changeConfig(const fs::path &model, const std::function<void(nlohmann::ordered_json &)> &change)
{
    std::ifstream in(model / "config.json");
    auto json = nlohmann::ordered_json::parse(in);
    in.close();
    change(json);
    std::ofstream(model / "config.json") << json.dump(2);
}

fs::path copyModel(const fs::path &from, const fs::path &to,
                   const std::function<void(nlohmann::ordered_json &)> &change)
{
    fs::copy(from, to, fs::copy_options::recursive);
    if (change) changeConfig(to, change);
    return to;
}

Result<LoadedModel> loadInsides(const fs::path &model)
{
    ORRERY_ASSIGN(const ModelConfig config, readModelConfig(model));
    LoadedModel loaded;
    loaded.data = config.data;
    ORRERY_TRY(loadForeign(model.string(), config, loaded));
    return loaded;
}

} // namespace orrery::test
