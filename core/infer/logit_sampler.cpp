// SPDX-License-Identifier: Apache-2.0
#include "core/infer/logit_sampler.h"

#include "core/base/text.h"
#include "core/nn/torch_guard.h"
#include "core/spec/field_values.h"

namespace orrery {

nn::Registry<Sampler> &samplerRegistry()
{
    static nn::Registry<Sampler> registry;
    return registry;
}

Result<std::unique_ptr<Sampler>> makeSampler(const std::string &name, const Tokenizer &tokenizer)
{
    if (name.empty()) return std::unique_ptr<Sampler>();
    if (const auto *factory = samplerRegistry().find(name))
        return nn::guardTorch("make the sampler", [&] { return (*factory)(tokenizer); });
    const std::vector<std::string> names = samplerRegistry().names();
    return Error{ErrorCode::InvalidInput,
                 "Cannot generate: the sampler is " + quotedValue(name) + ", expected " +
                     (names.empty() ? "none, as no plugin of the model has one"
                                    : "one of " + joinText(names, ", ") + ", or none") +
                     ".",
                 "A sampler comes with a plugin that the model was trained with; plugins show lists what each provides."};
}

} // namespace orrery
