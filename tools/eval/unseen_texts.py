"""Texts of our own in other scripts than English, for unseen.py."""

GERMAN = """Die kleine Bibliothek am Marktplatz öffnet im Winter erst um zehn Uhr. \
Frau Jäger, die Leiterin, hat dafür einen guten Grund: Die Heizung ist 43 Jahre alt und braucht zwei Stunden, bis der Lesesaal 18 Grad hat.
Im vergangenen Jahr wurden 12.480 Bücher ausgeliehen, z. B. Krimis, Reiseführer und Kochbücher. Nur 311 davon kamen zu spät zurück.

Der Gemeinderat hat am 3. März beschlossen, 85.000 Euro für den Umbau auszugeben. Dagegen stimmten vier Mitglieder; sie wollten lieber die Brücke über die Weiße Saale sanieren.

Auf der Wanderung zum Schloss verloren wir uns im Nebel. „Hier entlang!“, rief Jörg, aber seine Stimme schien von überall her zu kommen. \
Erst als die Glocke des Klosters sieben Mal schlug, wussten wir wieder, wo Süden war. Großmutters Apfelkuchen haben wir danach umso lieber gegessen.

Sehr geehrter Herr Dr. Öztürk, Ihre Bestellung Nr. 2024-0817 (drei Kisten Äpfel, eine Kiste Birnen) wurde gestern verschickt. Bitte überweisen Sie 64,90 € bis zum 15. d. M. auf unser Konto."""

FRENCH = """Le marché de la place Gambetta s'installe chaque samedi dès six heures. \
On y trouve des fromages de chèvre, du miel de châtaignier et, au mois de mai, les premières cerises à 4,80 € le kilo.
Madame Lefèvre y vend ses œufs depuis 1987 ; elle connaît le prénom de presque tous ses clients.

L'été dernier, mon frère a descendu la Loire en canoë, d'Orléans à Nantes, en onze jours. « Le plus difficile, disait-il, ce n'était pas de ramer, c'était de trouver où dormir. » \
Il a perdu une chaussure près d'Amboise et gagné deux amis à Saumur.

Conformément à l'article 12 du règlement, l'assemblée générale élit son bureau à la majorité absolue. M. Noël Béranger a obtenu 57 voix sur 92 ; Mme Hélène d'Aubigné, 33. Deux bulletins étaient nuls.

Pour réussir une pâte à crêpes, il faut 250 g de farine, quatre œufs, un demi-litre de lait et une pincée de sel. Laissez-la reposer une heure, puis faites cuire à feu vif : la première est toujours ratée."""

CHINESE = """老城区的茶馆每天早上七点开门。王师傅在这里工作了三十二年,他说来喝茶的客人越来越少,但是周末仍然要排队。
一壶龙井卖四十八元,花生和瓜子免费。

上个月,市政府宣布将投资3.6亿元改造河边的旧仓库,计划在2027年6月之前完工。有人高兴,也有人担心房租会上涨。

小林第一次坐火车去西藏,一共花了四十七个小时。车窗外先是麦田,然后是戈壁,最后是雪山。她在日记里写道:“天空比我想象的还要蓝。”

请注意:本产品含有花生和牛奶。每天服用两次,每次一片,饭后半小时用温水送服。孕妇请先咨询医生。"""

JAPANESE = """駅前の古い本屋は、来月の十五日で店を閉めることになった。店主の佐藤さんは七十八歳で、「もう階段がつらくてね」と笑っていた。
昭和四十年から続いた店には、今も三万冊以上の本が並んでいる。

明日の天気は、北海道では雪、東京では晴れのち曇り、最高気温は12度の見込みです。夜は冷え込むので、コートを忘れないでください。

カレーを作るときは、まず玉ねぎを弱火で二十分ほど炒めます。次に、じゃがいもとにんじんを加え、水800ミリリットルで煮込みます。ルーを入れるのは火を止めてからです。

第3条 会員は、毎年4月末日までに会費5,000円を納めなければならない。ただし、学生はその半額とする。"""

ARABIC = """يفتح السوق القديم أبوابه في الساعة الثامنة صباحًا، ويبيع فيه أبو سالم الزعتر والزيت منذ أكثر من أربعين عامًا.
سعر الكيلو اليوم ٢٥ درهمًا، أي أقل بقليل من الأسبوع الماضي.

سافرت ليلى إلى القاهرة بالقطار في شهر أكتوبر، وكانت الرحلة من أسوان تستغرق ثلاث عشرة ساعة. قالت: «لم أنم دقيقة واحدة، فالنيل كان أجمل من النوم».

أعلنت الوزارة أن عدد الطلاب الجدد بلغ 18,450 طالبًا هذا العام، بزيادة قدرها 6.3% عن العام السابق، وأن الدراسة ستبدأ يوم الأحد 7 سبتمبر.

لتحضير الشوربة: اغسل كوبًا من العدس الأحمر، ثم اطبخه مع بصلة وجزرتين لمدة نصف ساعة، وأضف الكمون والليمون قبل التقديم."""

EMOJI = """Team update 🚀🚀 the new build is out!! 🎉 Download it here 👉 build-1842 and tell us what you think 🙏
👩‍💻 Priya fixed the login bug 🐛➡️✅, 👨‍🔧 Tom is still on the printer 🖨️😤

Saturday plan: ☕ 9:30 at Lena's, then 🚲 to the lake 🏞️ (12 km), 🍕 at noon, and if it rains 🌧️ we play cards 🃏♠️♥️. Bring 🧴 and 💶 10 each!

Poll results 📊: 🇩🇪 14 · 🇫🇷 11 · 🇯🇵 9 · 🇧🇷 7. Thanks to everyone who voted 💜💙💚 — the next one is about 🐱 vs 🐶 (again 🙄)

⚠️ Do NOT mix the 🔵 and the 🔴 cable. ① switch off, ② wait 30 s ⏳, ③ swap, ④ switch on 💡. Naïve café ½ ≠ ⅓ … “done” ✔"""

CODE = """def moving_average(values, width):
    \"\"\"Means of every run of `width` values.\"\"\"
    if width < 1 or width > len(values):
        raise ValueError(f"width {width} not in 1..{len(values)}")
    total = sum(values[:width])
    means = [total / width]
    for old, new in zip(values, values[width:]):
        total += new - old
        means.append(total / width)
    return means

static int compare_names(const void *a, const void *b)
{
    const struct entry *x = a, *y = b;
    int order = strcmp(x->name, y->name);
    return order != 0 ? order : (x->id > y->id) - (x->id < y->id);
}

SELECT c.name, COUNT(*) AS n_orders, SUM(o.total) AS revenue
FROM customers c JOIN orders o ON o.customer_id = c.id
WHERE o.placed_at >= '2024-01-01' AND o.status <> 'cancelled'
GROUP BY c.name HAVING COUNT(*) > 3 ORDER BY revenue DESC LIMIT 20;

export async function retry<T>(task: () => Promise<T>, times = 3): Promise<T> {
\tfor (let i = 0; ; i++) {
\t\ttry { return await task(); }
\t\tcatch (error) { if (i + 1 >= times) throw error; }
\t}
}"""

LANGUAGES = {"german": GERMAN, "french": FRENCH, "chinese": CHINESE,
             "japanese": JAPANESE, "arabic": ARABIC, "emoji": EMOJI,
             "code": CODE}
