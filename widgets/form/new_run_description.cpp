// SPDX-License-Identifier: GPL-3.0-or-later
// What the engine says of the data that the form names: when it is asked, and what is offered where data and
// model do not fit.
#include "widgets/form/new_run_panel.h"

#include "core/spec/field_record.h"
#include "widgets/common/field_editor.h"
#include "widgets/common/number_text.h"
#include "widgets/form/data_card.h"
#include "widgets/form/spec_form.h"

#include <QFileInfo>
#include <QLineEdit>
#include <QScrollArea>
#include <QTimer>
#include <QtConcurrentRun>

#include <algorithm>

using namespace Qt::StringLiterals;

namespace orrery::ui {
namespace {

/// A text is read as a whole, so not at every key: soon when something was chosen, at once when it was
/// committed, and while it is typed only after a rest.
constexpr int kDescribeDelayMs = 350, kTypingDelayMs = 1500;
/// What a description of the text depends on.
const QStringList kDescribedKeys = {u"data.path"_s,
                                    u"data.tokenizer"_s,
                                    u"data.special_tokens"_s,
                                    u"data.val_fraction"_s,
                                    u"model.context"_s,
                                    u"seed"_s,
                                    u"attention.num_modalities"_s,
                                    u"media.image_size"_s,
                                    u"media.patch_size"_s,
                                    u"media.audio_tokens"_s};

} // namespace

bool NewRunPanel::isDescribed(const QString &key) { return kDescribedKeys.contains(key); }

bool NewRunPanel::isTyping() const
{
    return std::any_of(kDescribedKeys.begin(), kDescribedKeys.end(), [this](const QString &key) {
        const auto *line = qobject_cast<QLineEdit *>(m_form->editor(key)->control());
        return line && line->isModified();
    });
}

void NewRunPanel::describeLater()
{
    const RunSpec spec = m_form->builder().preview();
    QStringList values;
    for (const QString &key : kDescribedKeys)
        values << fromStd(fieldValueText(m_form->table()->find(toStd(key))->get(spec)));
    const QString question = values.join(u'\n');
    if (question == m_question) return;
    m_question = question;
    m_isUnasked = false;
    m_description.reset(); // the engine stops reading for the question before
    for (const QString &key : kDescribedKeys) m_form->clearOutsideProblem(key);
    if (spec.data.path.empty() || m_session.connectionState() != ConnectionState::Connected) {
        m_describeTimer->stop();
        m_data->showNothing();
        return;
    }
    m_isUnasked = true;
    if (isTyping())
        m_data->showUnread(fromStd(spec.data.path));
    else
        m_data->showReading(fromStd(spec.data.path));
    startDescribing();
}

void NewRunPanel::startDescribing()
{
    m_describeTimer->start(isTyping() ? kTypingDelayMs : kDescribeDelayMs);
}

/// Enter, focus out, or a choice in a dialog: what was typed is meant as it stands.
void NewRunPanel::describeCommitted()
{
    for (const QString &key : kDescribedKeys)
        if (auto *line = qobject_cast<QLineEdit *>(m_form->editor(key)->control())) line->setModified(false);
    if (m_isUnasked) describeNow();
}

void NewRunPanel::describeNow()
{
    if (!m_isUnasked || !isVisible()) return; // a draft that nobody looks at asks when it is opened
    m_describeTimer->stop();
    if (!isTyping()) {
        askForDescription();
        return;
    }
    // Half a path is none. Looking may take long, in a folder of a network.
    const QString path = fromStd(m_form->builder().preview().data.path);
    QtConcurrent::run([path] {
        return path.startsWith(u"gen:shapes"_s) || QFileInfo::exists(path);
    }).then(this, [this, question = m_question](bool exists) {
        if (exists && m_isUnasked && question == m_question) askForDescription();
    });
}

void NewRunPanel::askForDescription()
{
    const RunSpec spec = m_form->builder().preview();
    const QString path = fromStd(spec.data.path);
    m_isUnasked = false;
    m_data->showReading(path);
    m_description = m_session.describeData(spec, this, [this](Result<QString> reply) {
        if (reply) {
            m_data->showDescription(*reply);
            m_form->clearOutsideProblem(u"data.path"_s);
            if (const SettingFix &fix = m_data->fix(); !fix.key.isEmpty()) offerFix(fix);
        } else {
            m_data->showFailure();
            m_form->setOutsideProblem(u"data.path"_s, errorText(reply.error()));
        }
        updateEstimate();
        updateStart();
        arrangeSide();
        // Once it has its place.
        if (!m_data->fix().key.isEmpty()) QTimer::singleShot(0, m_data, [this] { m_side->ensureWidgetVisible(m_data); });
    });
}

void NewRunPanel::offerFix(const SettingFix &fix)
{
    m_form->setOutsideProblem(fix.key, fix.reason);
    const Field *field = m_form->table()->find(toStd(fix.key));
    m_data->setFixText(tr("Set “%1” to %2").arg(field ? fieldLabel(*field) : fix.key, fix.value));
}

} // namespace orrery::ui
