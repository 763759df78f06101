// SPDX-License-Identifier: GPL-3.0-or-later
#include "widgets/form/data_card.h"

#include "widgets/common/key_value_grid.h"
#include "widgets/common/number_text.h"
#include "widgets/common/tone_label.h"
#include "widgets/theme/theme.h"

#include <QJsonArray>
#include <QJsonDocument>
#include <QJsonObject>
#include <QPushButton>
#include <QVBoxLayout>

using namespace Qt::StringLiterals;

namespace orrery::ui {
namespace {

/// The first of the names that is there; counts may be written plain or as the length of a list.
double number(const QJsonObject &object, std::initializer_list<QLatin1String> names)
{
    for (QLatin1String name : names) {
        const QJsonValue value = object.value(name);
        if (value.isDouble()) return value.toDouble();
        if (value.isArray()) return static_cast<double>(value.toArray().size());
    }
    return 0;
}

QString formatText(const QString &format)
{
    if (format == u"text") return DataCard::tr("text file");
    if (format == u"folder") return DataCard::tr("folder of text files");
    if (format == u"manifest") return DataCard::tr("manifest of parts");
    if (format == u"generated") return DataCard::tr("made here");
    if (format.startsWith(u"jsonl")) {
        const QString fields = format.mid(5).remove(u'_').remove(u'-').toLower();
        return fields.isEmpty() ? DataCard::tr("JSON lines") : DataCard::tr("JSON lines with %1").arg(fields);
    }
    return format;
}

/// "3.2 M", or "about 3.2 M" of a world of which only a sample was looked at.
QString tokensText(double count, bool isAbout)
{
    return isAbout ? DataCard::tr("about %1").arg(countText(count)) : countText(count);
}

/// What a person should look at before training, a line each.
QString checksText(const QJsonArray &checks)
{
    QStringList lines;
    for (const QJsonValue &value : checks) {
        const QJsonObject check = value.toObject();
        if (!check.value("ok"_L1).toBool(true)) lines << check.value("text"_L1).toString();
    }
    return lines.join(u'\n');
}

SettingFix fixOf(const QJsonObject &mismatch)
{
    if (mismatch.isEmpty()) return {};
    return {mismatch.value("key"_L1).toString(), QString::number(mismatch.value("value"_L1).toInteger()),
            mismatch.value("message"_L1).toString() + u' ' + mismatch.value("hint"_L1).toString()};
}

QString skippedText(const QJsonArray &skipped)
{
    QStringList lines;
    for (const QJsonValue &value : skipped) {
        if (lines.size() == 20) {
            lines << u"…"_s;
            break;
        }
        const QJsonObject object = value.toObject();
        lines << (object.isEmpty()
                      ? value.toString()
                      : object.value("path"_L1).toString() + u": "_s + object.value("reason"_L1).toString());
    }
    return lines.join(u'\n');
}

} // namespace

DataCard::DataCard(QWidget *parent)
    : PanelFrame(tr("Data"), parent), m_numbers(new KeyValueGrid(this)),
      m_sentence(new ToneLabel(QString(), Tone::Secondary, TypeSize::Base, this)),
      m_skipped(new ToneLabel(QString(), Tone::Warning, TypeSize::Small, this)),
      m_checks(new ToneLabel(QString(), Tone::Warning, TypeSize::Small, this)),
      m_preview(new ToneLabel(QString(), Tone::Secondary, TypeSize::Mono, this)),
      m_example(new QPushButton(tr("Use the example"), this)), m_fixButton(new QPushButton(this))
{
    setObjectName(u"dataCard"_s);
    m_numbers->setObjectName(u"dataNumbers"_s);
    m_example->setObjectName(u"useExample"_s);
    m_example->setToolTip(tr("C++ sources that are on this computer already; nothing is downloaded"));
    m_checks->setObjectName(u"dataChecks"_s);
    m_fixButton->setObjectName(u"fixSetting"_s);
    for (ToneLabel *label : {m_sentence, m_skipped, m_checks, m_preview}) {
        label->setWordWrap(true);
        label->setMinimumWidth(80);
    }
    m_preview->setAccessibleName(tr("Beginning of the text"));
    auto *content = new QWidget(this);
    auto *layout = new QVBoxLayout(content);
    layout->setContentsMargins(0, 0, 0, 0);
    layout->setSpacing(space::kOne);
    layout->addWidget(m_sentence);
    layout->addWidget(m_example, 0, Qt::AlignLeft);
    layout->addWidget(m_numbers);
    layout->addWidget(m_fixButton, 0, Qt::AlignLeft);
    layout->addWidget(m_skipped);
    layout->addWidget(m_checks);
    layout->addWidget(m_preview);
    setContent(content);
    connect(m_example, &QPushButton::clicked, this, &DataCard::exampleRequested);
    connect(m_fixButton, &QPushButton::clicked, this, &DataCard::fixRequested);
    showNothing();
}

void DataCard::setExampleOffered(bool isOffered)
{
    m_isExampleOffered = isOffered;
    m_example->setVisible(isOffered && m_numbers->isHidden() && m_numTrainTokens == 0);
}

void DataCard::showNothing()
{
    m_numTrainTokens = 0;
    m_vocabSize = 0;
    m_fix = {};
    m_fixButton->hide();
    m_checks->hide();
    m_sentence->setText(tr("Size, tokens and the first lines of the chosen data stand here."));
    m_sentence->show();
    m_example->setVisible(m_isExampleOffered);
    m_numbers->hide();
    m_skipped->hide();
    m_preview->hide();
}

void DataCard::showReading(const QString &path)
{
    showNothing();
    m_sentence->setText(tr("Reading %1 …").arg(path));
    m_example->hide();
}

void DataCard::showUnread(const QString &path)
{
    showNothing();
    m_sentence->setText(tr("Enter reads %1.").arg(path));
}

void DataCard::showFailure()
{
    showNothing();
    m_sentence->setText(tr("These data cannot be used; the reason stands under the field."));
}

void DataCard::setFixText(const QString &text)
{
    m_fixButton->setText(text);
    m_fixButton->setToolTip(m_fix.reason);
    m_fixButton->setVisible(!m_fix.key.isEmpty());
}

void DataCard::showNumbers(const QJsonObject &data)
{
    const double valTokens = number(data, {"val_tokens"_L1, "num_val_tokens"_L1});
    const double numFiles = number(data, {"files"_L1, "num_files"_L1});
    const bool isMade = data.value("format"_L1) == "generated"_L1;
    const bool isAbout = data.value("sampled"_L1).toDouble() > 0;
    m_numbers->clear();
    m_numbers->setValue(tr("Format"), formatText(data.value("format"_L1).toString()));
    if (!isMade) m_numbers->setValue(tr("Files"), integerText(static_cast<qint64>(numFiles)));
    m_numbers->setValue(tr("Documents"),
                        integerText(static_cast<qint64>(number(data, {"documents"_L1, "num_documents"_L1}))));
    if (!isMade)
        m_numbers->setValue(tr("Size"),
                            bytesText(static_cast<quint64>(number(data, {"bytes"_L1, "num_bytes"_L1}))));
    showParts(data);
    if (m_vocabSize > 0)
        m_numbers->setValue(tr("Vocabulary"), tr("%1 tokens").arg(integerText(m_vocabSize)),
                            tr("Ids that the chosen tokenizer has"));
    m_numbers->setValue(tr("Training tokens"), tokensText(static_cast<double>(m_numTrainTokens), isAbout),
                        integerText(static_cast<qint64>(m_numTrainTokens)));
    m_numbers->setValue(tr("Validation tokens"), tokensText(valTokens, isAbout),
                        integerText(static_cast<qint64>(valTokens)));
    m_numbers->show();
}

/// Pictures and recordings, and what each costs of the context.
void DataCard::showParts(const QJsonObject &data)
{
    const QJsonObject frontEnd = data.value("front_end"_L1).toObject();
    const QJsonObject train = data.value("splits"_L1).toObject().value("train"_L1).toObject();
    if (frontEnd.isEmpty()) return;
    const bool isMade = data.value("format"_L1) == "generated"_L1;
    const auto count = [&data](QLatin1String key) { return data.value(key).toInteger(); };
    if (!isMade) m_numbers->setValue(tr("Pictures"), integerText(count("images"_L1)));
    if (!isMade) m_numbers->setValue(tr("Recordings"), integerText(count("recordings"_L1)));
    if (train.value("image"_L1).toDouble() > 0)
        m_numbers->setValue(tr("A picture"), tr("%1 tokens").arg(frontEnd.value("patches"_L1).toInteger()),
                            tr("Patches of %1 numbers").arg(frontEnd.value("patch_width"_L1).toInteger()));
    if (count("longest_recording"_L1) > 0)
        m_numbers->setValue(tr("Longest recording"),
                            tr("%1 tokens").arg(integerText(count("longest_recording"_L1))));
    m_numbers->setValue(tr("Longest document"), tr("%1 tokens").arg(integerText(count("longest"_L1))));
}

void DataCard::showDescription(const QString &json)
{
    const QJsonObject data = QJsonDocument::fromJson(json.toUtf8()).object();
    m_numTrainTokens = static_cast<quint64>(number(data, {"train_tokens"_L1, "num_train_tokens"_L1}));
    m_vocabSize = std::max<qint64>(0, data.value("vocab_size"_L1).toInteger());
    m_fix = fixOf(data.value("mismatch"_L1).toObject());
    m_fixButton->setVisible(!m_fix.key.isEmpty());
    const double numSkipped = number(data, {"num_skipped"_L1, "skipped_files"_L1, "skipped"_L1});
    showNumbers(data);
    m_sentence->hide();
    m_example->hide();
    // Those of text say no more than the numbers do.
    m_checks->setText(data.contains("front_end"_L1) ? checksText(data.value("checks"_L1).toArray())
                                                    : QString());
    m_checks->setVisible(!m_checks->text().isEmpty());
    m_skipped->setVisible(numSkipped > 0);
    m_skipped->setText(numSkipped == 1
                           ? tr("1 file was skipped.")
                           : tr("%1 files were skipped.").arg(integerText(static_cast<qint64>(numSkipped))));
    m_skipped->setToolTip(skippedText(data.value("skipped"_L1).toArray()));
    QString preview = data.value("first_text"_L1).toString();
    if (preview.isEmpty()) preview = data.value("preview"_L1).toString();
    const QStringList lines = preview.left(400).split(u'\n');
    m_preview->setText(lines.mid(0, 6).join(u'\n').trimmed());
    m_preview->setVisible(!m_preview->text().isEmpty());
}

} // namespace orrery::ui
