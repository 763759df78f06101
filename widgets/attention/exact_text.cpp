// SPDX-License-Identifier: GPL-3.0-or-later
#include "widgets/attention/exact_text.h"

#include "widgets/common/number_text.h"
#include "widgets/common/run_text.h"
#include "widgets/play/token_view.h"

#include <QStringList>

#include <algorithm>

namespace orrery::ui {

std::optional<std::vector<int32_t>> exactIds(const std::vector<InspectedToken> &tokens)
{
    std::vector<int32_t> ids;
    ids.reserve(tokens.size());
    for (const InspectedToken &token : tokens) {
        if (token.id < 0 || token.modality != Modality::Text) return std::nullopt;
        ids.push_back(token.id);
    }
    if (ids.empty()) return std::nullopt;
    return ids;
}

QString textOfTokens(const std::vector<InspectedToken> &tokens)
{
    std::string bytes;
    for (const InspectedToken &token : tokens)
        if (token.modality == Modality::Text && !isSpecialToken(token.bytes, token.id)) bytes += token.bytes;
    return fromStd(bytes);
}

QString textOfRequest(const GenerateRequest &request)
{
    if (request.messages.empty()) return fromStd(request.prompt);
    QStringList turns;
    for (const ChatMessage &message : request.messages) turns << fromStd(message.content);
    return turns.join(u'\n');
}

QString runOfModel(const QString &model)
{
    if (model.contains(u'/')) return model; // a folder may have one in its name
    const qsizetype at = model.lastIndexOf(u'@');
    return at < 0 ? model : model.left(at);
}

QString modelTitle(const QString &model, const std::vector<RunStatus> &runs)
{
    const QString run = runOfModel(model);
    const auto known = std::find_if(runs.begin(), runs.end(),
                                    [&run](const RunStatus &one) { return fromStd(one.id) == run; });
    return known == runs.end() ? model : runTitle(*known) + model.mid(run.size());
}

} // namespace orrery::ui
