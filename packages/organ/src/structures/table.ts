/**
 * The structures that are known by name, one a line:
 *
 *   name | SNOMED CT | colour | h when hollow | noun for people | other names
 *
 * A `*` in a name stands for the side: `kidney_*` is kidney_left, kidney_right and, without a side, kidney;
 * `*-Thalamus` is Left-Thalamus, Right-Thalamus and Thalamus. Names are TotalSegmentator's where it has one
 * and FreeSurfer's in the brain. SNOMED CT concept ids are those of the DICOM standard (PS3.16) where it has
 * one; the side is a modifier there and here. "Hollow" means that much of the labelled space is content
 * (blood, food, air, urine, bile, cerebrospinal fluid) and not the organ's own tissue.
 */
export const STRUCTURE_TABLE: Readonly<Record<StructureGroup, string>> = {
  brain: `
    brain|12738006|#d9a99a||brain|whole brain,brain mask,intracranial
    *-Cerebral-White-Matter|68523003|#f2ebdc||cerebral white matter|
    *-Cerebral-Cortex|40146001|#c98a86||cerebral cortex|cortical grey matter,cortical gray matter
    White-Matter|389080008|#f2ebdc||white matter|wm
    Gray-Matter|389081007|#b98f8c||grey matter|grey matter,gm
    *-Cerebellum|113305005|#d8a45f||cerebellum|
    *-Cerebellum-White-Matter|33060004|#ecd9b0||cerebellar white matter|cerebellar white matter
    *-Cerebellum-Cortex|25991003|#cf9349||cerebellar cortex|cerebellar cortex
    *-Lateral-Ventricle|66720007|#5b8fd0|h|lateral ventricle|
    *-Inferior-Lateral-Ventricle|53118009|#7ca6dc|h|inferior lateral ventricle|inf lat vent,temporal horn
    Ventricle|35764002|#4f83c4|h|cerebral ventricles|brain ventricle,cerebral ventricle
    3rd-Ventricle|49841001|#3f6fb0|h|third ventricle|third ventricle
    4th-Ventricle|35918002|#345f9e|h|fourth ventricle|fourth ventricle
    5th-Ventricle|180933005|#2f5590|h|fifth ventricle|fifth ventricle
    CSF|65216001|#9cc4e8|h|cerebrospinal fluid|cerebrospinal fluid,liquor
    *-Thalamus|42695009|#4f9a6b||thalamus|thalamus proper
    *-Caudate|11000004|#6fa8d6||caudate nucleus|caudate nucleus,nucleus caudatus
    *-Putamen|89278009|#d36aa2||putamen|
    *-Pallidum|14738005|#6b6fc9||globus pallidus|globus pallidus
    *-Hippocampus|5366008|#e2c341||hippocampus|
    *-Hippocampus-Anterior||#e2c341||anterior hippocampus|anterior hippocampus
    *-Hippocampus-Posterior||#c9962f||posterior hippocampus|posterior hippocampus
    *-Amygdala|4958002|#54b8b0||amygdala|amygdaloid
    *-Accumbens-area|427667007|#e88f2e||nucleus accumbens|nucleus accumbens,accumbens
    *-VentralDC||#a5603a||ventral diencephalon|ventral diencephalon,ventraldc
    Brain-Stem|15926001|#8b93a8||brain stem|brainstem
    Corpus-Callosum|88442005|#b6a3d6||corpus callosum|
    CC_Posterior||#8c78b8||posterior corpus callosum|
    CC_Mid_Posterior||#9a86c4||middle posterior corpus callosum|
    CC_Central||#a894d0||central corpus callosum|
    CC_Mid_Anterior||#b6a3da||middle anterior corpus callosum|
    CC_Anterior||#c4b2e4||anterior corpus callosum|
    *-choroid-plexus|80621003|#3aa6a0||choroid plexus|
    pituitary_gland|56329008|#c05f86||pituitary gland|pituitary,hypophysis
    frontal_lobe_*|83251001|#c97b6b||frontal lobe|
    parietal_lobe_*|16630005|#d5a15e||parietal lobe|
    temporal_lobe_*|78277001|#8fae6a||temporal lobe|
    occipital_lobe_*|31065004|#6c93b8||occipital lobe|
    insular_cortex_*|36169008|#b07ab0||insula|insula
    ctx-*-bankssts||#196428||banks of the superior temporal sulcus|ctx bankssts
    ctx-*-caudalanteriorcingulate||#7d64a0||caudal anterior cingulate cortex|
    ctx-*-caudalmiddlefrontal||#641900||caudal middle frontal cortex|
    ctx-*-cuneus||#dc1464||cuneus|
    ctx-*-entorhinal|3937002|#dc140a||entorhinal cortex|
    ctx-*-fusiform||#b4dc8c||fusiform cortex|
    ctx-*-inferiorparietal||#dc3cdc||inferior parietal cortex|
    ctx-*-inferiortemporal||#b42878||inferior temporal cortex|
    ctx-*-isthmuscingulate||#8c148c||isthmus of the cingulate|
    ctx-*-lateraloccipital||#141e8c||lateral occipital cortex|
    ctx-*-lateralorbitofrontal||#234b32||lateral orbitofrontal cortex|
    ctx-*-lingual||#e18c8c||lingual cortex|
    ctx-*-medialorbitofrontal||#c8234b||medial orbitofrontal cortex|
    ctx-*-middletemporal||#a06432||middle temporal cortex|
    ctx-*-parahippocampal||#14dc3c||parahippocampal cortex|
    ctx-*-paracentral||#3cdc3c||paracentral cortex|
    ctx-*-parsopercularis||#dcb48c||pars opercularis|
    ctx-*-parsorbitalis||#146432||pars orbitalis|
    ctx-*-parstriangularis||#dc3c14||pars triangularis|
    ctx-*-pericalcarine||#78643c||pericalcarine cortex|
    ctx-*-postcentral||#dc1414||postcentral cortex|
    ctx-*-posteriorcingulate||#dcb4dc||posterior cingulate cortex|
    ctx-*-precentral||#3c14dc||precentral cortex|
    ctx-*-precuneus||#a08cb4||precuneus|
    ctx-*-rostralanteriorcingulate||#50148c||rostral anterior cingulate cortex|
    ctx-*-rostralmiddlefrontal||#4b327d||rostral middle frontal cortex|
    ctx-*-superiorfrontal||#14dca0||superior frontal cortex|
    ctx-*-superiorparietal||#14b48c||superior parietal cortex|
    ctx-*-superiortemporal||#8cdcdc||superior temporal cortex|
    ctx-*-supramarginal||#50a014||supramarginal cortex|
    ctx-*-frontalpole||#640064||frontal pole|
    ctx-*-temporalpole||#464646||temporal pole|
    ctx-*-transversetemporal||#9696c8||transverse temporal cortex|
    ctx-*-insula|36169008|#ffc020||insular cortex|`,
  head: `
    face|89545001|#e3b79b|||
    thyroid_gland|69748006|#b5505a||thyroid gland|thyroid
    eye_*|81745001|#e8e4dd||eye|eyeball
    eye_lens_*|78076003|#bfe0ea||lens of the eye|lens
    optic_nerve_*|18234004|#e6cf6a||optic nerve|
    optic_chiasm|244453006|#dcc052||optic chiasm|chiasm
    lacrimal_gland_*|13561001|#d99a78||lacrimal gland|
    parotid_gland_*|45289007|#d8a06e||parotid gland|parotid
    submandibular_gland_*|54019009|#c98657||submandibular gland|submandibular
    auditory_canal_*||#8fb3b8|h|auditory canal|
    nasal_cavity_*|279549004|#a9c9cf|h|nasal cavity|
    nasopharynx|360955006|#b8838a|h||
    oropharynx|31389004|#b0747c|h||
    hypopharynx|81502006|#a5656e|h||
    pharynx|54066008|#b57d84|h||
    larynx|4596009|#9fb8a8|h||
    larynx_air||#b7d4dc|h|air of the larynx|
    soft_palate|49460000|#cf8585|||
    hard_palate||#e2d3b0|||
    tongue|21974007|#c45b5f|||
    maxillary_sinus_*|15924003|#a4c3da|h|maxillary sinus|
    frontal_sinus_*|55060009|#93b5d0|h|frontal sinus|frontal sinus
    teeth|38199008|#f4f1e6|||tooth,dentition
    teeth_upper|38199008|#f4f1e6||upper teeth|upper teeth
    teeth_lower|38199008|#e9e4d2||lower teeth|lower teeth
    spinal_canal|61853006|#cfd3a5||spinal canal|vertebral canal
    spinal_cord|2748008|#e5cf63||spinal cord|medulla spinalis,myelon`,
  thorax: `
    lung_*|39607008|#d69a9f||lung|
    lung_upper_lobe_*|45653009|#dd9aa0||upper lung lobe|upper lobe
    lung_middle_lobe_right|72481006|#c4868f||right middle lung lobe|right middle lobe,middle lobe,lung middle lobe
    lung_lower_lobe_*|90572001|#b87780||lower lung lobe|lower lobe
    lung_trachea_bronchia|110726009|#9fc3d3|h|trachea and bronchi|airway,trachea and bronchi,tracheobronchial tree
    lung_pleural|3120008|#e6cfc4||pleural space|pleura
    trachea|44567001|#9fc3d3|h||windpipe
    bronchus_*|955009|#8bb2c4|h|main bronchus|main bronchus,bronchi
    esophagus|32849002|#c9855c|h|oesophagus|oesophagus,gullet
    thymus|9875009|#d9b38c|||
    breast_*|76752008|#e8b8a6||breast|mamma
    mediastinum|72410000|#d8b9a0|||mediastinal tissue
    diaphragm|5798000|#a94b43|||
    thoracic_cavity|43799004|#e4c7b7|h|thoracic cavity|`,
  heart: `
    heart|80891009|#b23a3f|h||whole heart
    heart_myocardium|74281007|#a8353a||myocardium|myocardium,left ventricular wall
    heart_atrium_left|82471001|#e0696a|h|left atrium|atrium left,la
    heart_atrium_right|73829009|#6f83c4|h|right atrium|atrium right,ra
    heart_ventricle_left|87878005|#cf3f44|h|left ventricle of the heart|ventricle left,left ventricle blood,lv
    heart_ventricle_right|53085002|#5468b4|h|right ventricle of the heart|ventricle right,right ventricle blood,rv
    atrial_appendage_left|33626005|#e88a85|h|left atrial appendage|laa,left auricle
    atrial_appendage_right|68300000|#8b9bd2|h|right atrial appendage|raa,right auricle
    heart_septum|589001|#94343a||interventricular septum|interventricular septum
    aortic_valve|34202007|#f0cf9a|||
    mitral_valve|91134007|#eec58a|||
    tricuspid_valve|46030003|#e6ba7d|||
    pericardium|76848001|#e6c98a|||pericardial`,
  abdomen: `
    liver|10200004|#8e3b2f|||hepar
    liver_segment_1|71133005|#7d3229|||couinaud 1
    liver_segment_2|277956007|#8e3b2f|||couinaud 2
    liver_segment_3|277957003|#a04a39|||couinaud 3
    liver_segment_4|277958008|#b35a45|||couinaud 4
    liver_segment_5|277959000|#94412f|||couinaud 5
    liver_segment_6|277960005|#a6533c|||couinaud 6
    liver_segment_7|277961009|#85382c|||couinaud 7
    liver_segment_8|277962002|#97473a|||couinaud 8
    spleen|78961009|#7a3058|||lien
    pancreas|15776009|#e0a95c|||
    gallbladder|28231008|#6f9a3f|h||gall bladder
    common_bile_duct|79741001|#88ad4f|h|common bile duct|bile duct
    stomach|69695003|#d98a76|h||
    duodenum|38848004|#d99c52|h||
    small_bowel|30315005|#e2a48d|h|small bowel|small intestine
    colon|71854001|#b97f63|h||large bowel,large intestine
    bowel||#cf937a|h|bowel|intestine
    appendix|66754008|#a56e55|h||
    rectum|34402009|#a3694f|h||
    kidney_*|64033007|#a5483b||kidney|
    kidney_cortex_*||#b65a49||renal cortex|renal cortex
    kidney_medulla_*||#8a372f||renal medulla|renal medulla
    renal_pelvis_*|25990002|#d9b65f|h|renal pelvis|kidney pelvis
    ureter_*|87953007|#d9c069|h|ureter|
    adrenal_gland_*|23451007|#e0b23c||adrenal gland|adrenal,suprarenal gland
    abdominal_cavity|52731004|#e9cdb4|h|abdominal cavity|`,
  pelvis: `
    urinary_bladder|89837001|#d9bd4e|h||bladder
    prostate|41216001|#b98a6a||prostate|prostate gland
    prostate_peripheral_zone||#cfa382||peripheral zone of the prostate|peripheral zone
    prostate_transition_zone||#a57655||transition zone of the prostate|transition zone
    seminal_vesicle_*|64739004|#c7a07b|h|seminal vesicle|
    uterus|35039007|#c97b80|h||womb
    ovary_*|15497006|#e2b8a0||ovary|
    vagina|76784001|#cf9291|h||
    testis_*|40689003|#d7ab91||testis|testicle
    penis|18911002|#cf9c88||penis|
    urethra|13648007|#d8c27e|h||
    anus|53505006|#9b5f4d|h||anal canal`,
  vessels: `
    aorta|15825003|#c8202f|h||
    aorta_ascending|54247002|#d2313c|h|ascending aorta|ascending aorta
    aorta_arch|57034009|#c8202f|h|aortic arch|aortic arch
    aorta_descending|32672002|#b81b2a|h|descending aorta|descending aorta
    aorta_thoracic|113262008|#c3202e|h|thoracic aorta|thoracic aorta
    aorta_abdominal|7832008|#b01826|h|abdominal aorta|abdominal aorta
    pulmonary_artery|81040000|#3d66b8|h|pulmonary artery|pulmonary trunk,pulmonary arteries
    pulmonary_vein|122972007|#d8575a|h|pulmonary vein|pulmonary veins
    brachiocephalic_trunk|12691009|#d63b44|h|brachiocephalic trunk|brachiocephalic artery,innominate artery
    subclavian_artery_*|36765005|#d9484c|h|subclavian artery|
    common_carotid_artery_*|32062004|#e05a56|h|common carotid artery|
    internal_carotid_artery_*|86117002|#dc4f50|h|internal carotid artery|ica
    carotid_artery_*|69105007|#e05a56|h|carotid artery|carotid
    vertebral_artery_*|85234005|#cc4048|h|vertebral artery|
    basilar_artery|59011009|#d0464c|h||
    coronary_artery_*|41801008|#e03a3a|h|coronary artery|
    coronary_arteries|41801008|#e03a3a|h|coronary arteries|
    celiac_trunk|57850000|#d3434a|h|coeliac trunk|coeliac trunk,coeliac artery,celiac artery,celiac axis
    superior_mesenteric_artery|42258001|#cb3a42|h||sma
    inferior_mesenteric_artery|33795007|#c2343c|h||
    hepatic_artery|76015000|#d54d4f|h||
    splenic_artery|22083002|#dd5956|h||
    renal_artery_*|2841007|#d84a4c|h|renal artery|
    iliac_artery_*|73634005|#d13c44|h|common iliac artery|common iliac artery
    external_iliac_artery_*|113269004|#d84e52|h|external iliac artery|
    internal_iliac_artery_*|90024005|#c8434c|h|internal iliac artery|
    femoral_artery_*|7657000|#d9534f|h|femoral artery|
    superior_vena_cava|48345005|#2f5aa8|h||svc,vena cava superior
    inferior_vena_cava|64131007|#274f9a|h||ivc,vena cava inferior,postcava
    vena_cava|35532006|#2b559f|h||
    brachiocephalic_vein_*|8887007|#4674bd|h|brachiocephalic vein|innominate vein
    internal_jugular_vein_*|12123001|#5280c5|h|internal jugular vein|jugular vein
    subclavian_vein_*|9454009|#5a88c8|h|subclavian vein|
    azygos_vein|72107004|#3e6cb4|h||azygos
    portal_vein_and_splenic_vein|110765007|#4a5fb5|h|portal and splenic vein|portal and splenic vein
    portal_vein|32764006|#4a5fb5|h||vena portae
    splenic_vein|35819009|#5d70c0|h||
    superior_mesenteric_vein|90771006|#4f68b9|h||smv
    hepatic_vein|8993003|#3c5fae|h|hepatic vein|hepatic veins
    hepatic_vessels|59820001|#5b54a8|h|hepatic vessels|
    liver_vessels|59820001|#5b54a8|h||
    lung_vessels|59820001|#8a4f9a|h|lung vessels|pulmonary vessels
    renal_vein_*|56400007|#4470ba|h|renal vein|
    iliac_vena_*|46027005|#3a68b0|h|common iliac vein|iliac vein,common iliac vein
    femoral_vein_*|83419000|#4b7ac0|h|femoral vein|
    blood_vessels|59820001|#b0304a|h|blood vessels|vessel,vasculature
    arteries|51114001|#c8202f|h||artery
    veins|29092000|#2f5aa8|h||vein`,
  bones: `
    skull|89546000|#e9dfc4||skull|cranium
    mandible|91609006|#e1d3b0||lower jaw|lower jawbone,jaw
    maxilla|70925003|#e6dabb||upper jaw|upper jawbone
    zygomatic_arch_*||#dccda6||zygomatic arch|
    zygomatic_bone_*|13881006|#d8c89d||cheekbone|zygoma,cheekbone
    hyoid|21387005|#e0d2ad||hyoid bone|hyoid bone
    vertebrae_cervical|51282000|#e6dabc||cervical vertebrae|
    vertebrae_thoracic|51282000|#e0d2ae||thoracic vertebrae|
    vertebrae_lumbar|51282000|#d8c89f||lumbar vertebrae|
    vertebrae|51282000|#e2d5b3||vertebrae|vertebra
    vertebrae_body|3572006|#d9caa2||vertebral bodies|vertebral body
    spine|421060004|#e2d5b3|||vertebral column,spinal column
    intervertebral_discs||#8fb8b5||intervertebral discs|intervertebral disk,intervertebral disc
    sacrum|54735007|#d5c496|||
    coccyx|64688005|#cdbb8b|||
    ribs|113197003|#ded0aa||ribs|rib
    sternum|56873002|#e8dcb9||sternum|breastbone
    costal_cartilages|50016007|#b5cfd0||costal cartilages|costal cartilage
    clavicula_*|51299004|#e4d6ae||clavicle|clavicle,collarbone
    scapula_*|79601000|#dccca0||shoulder blade|shoulder blade
    humerus_*|85050009|#e6dab8||humerus|
    radius_*|62413002|#dfd0a8||radius|
    ulna_*|23416004|#d6c699||ulna|
    carpal_*|83936004|#d0c08f||carpal bones|carpus,carpal bone
    metacarpal_*|36455000|#d9ca9f||metacarpal bones|metacarpal bone
    phalanges_hand_*|28641004|#e2d5b0||finger bones|finger bone
    hip_*|29836001|#dacb9f||hip bone|hip bone,pelvic bone,os coxae
    pelvis||#dacb9f||bony pelvis|bony pelvis
    femur_*|71341001|#e8dcb8||femur|thigh bone
    femoral_head_*|2812003|#dccda4||head of the femur|femur head
    patella_*|64234005|#d4c495||kneecap|kneecap
    tibia_*|12611008|#e2d4ac||shin bone|shin bone
    fibula_*|87342007|#d2c294||fibula|
    tarsal_*|108371006|#cdbc8c||tarsal bones|tarsus,tarsal bone
    metatarsal_*|53884002|#d7c89c||metatarsal bones|metatarsal bone
    phalanges_feet_*|28641004|#e0d3ae||toe bones|toe bone
    bone|272673000|#e6dabb||bone|bones,skeleton
    bone_marrow|14016003|#c98d6f||bone marrow|marrow`,
  muscles: `
    gluteus_maximus_*|181674001|#a2443f||gluteus maximus|gluteus maximus muscle
    gluteus_medius_*|78333006|#b9605a||gluteus medius|gluteus medius muscle
    gluteus_minimus_*|75297007|#8b3536||gluteus minimus|gluteus minimus muscle
    autochthon_*|244849004|#96403c||deep back muscles|deep back muscle,erector spinae,autochthonous back muscle
    iliopsoas_*|68455001|#b1544d||iliopsoas|iliopsoas muscle,psoas
    quadriceps_femoris_*||#ad504a||quadriceps|quadriceps
    sartorius_*||#c1706a||sartorius|
    thigh_medial_compartment_*||#9a4441||medial thigh muscles|
    thigh_posterior_compartment_*||#8f3b3a||posterior thigh muscles|hamstring
    sternocleidomastoid_*|22823000|#b35850||sternocleidomastoid|
    trapezius_*|31764008|#a54a45||trapezius|
    pectoralis_major_*|60005003|#b85d55||pectoralis major|
    pectoralis_minor_*|18686000|#9c4541||pectoralis minor|
    latissimus_dorsi_*|15665001|#a9504a||latissimus dorsi|
    deltoid_*|35259002|#ba625a||deltoid|
    supraspinatus_*|6423006|#ac544e||supraspinatus|
    infraspinatus_*|72573008|#9e4743||infraspinatus|
    subscapularis_*|90588001|#913d3b||subscapularis|
    serratus_anterior_*|18346003|#b65b53||serratus anterior|
    teres_major_*|1193009|#a04a46||teres major|
    masseter_*||#b0564f||masseter|
    temporalis_*||#a64d48||temporalis|
    skeletal_muscle|127954009|#a64b45||skeletal muscle|muscle`,
  body: `
    body|38266002|#e2b89c||body|whole body,patient
    body_trunc|22943007|#e2b89c||trunk|trunk,torso,body trunk
    body_extremities|66019005|#d9ab8d||limbs|limb,extremities,extremity
    skin|39937001|#e8bfa5||skin|
    subcutaneous_fat|67769002|#efd58a||subcutaneous fat|subcutaneous adipose tissue,sat
    torso_fat|55603005|#e4c168||visceral fat|visceral fat,visceral adipose tissue,vat
    intermuscular_fat||#d9b258||intermuscular fat|intermuscular adipose tissue,imat
    fat|55603005|#ecce7c||fat|adipose tissue,adipose
    lymph_nodes|59441001|#a9b35e||lymph nodes|lymph node
    blood|87612001|#a81e2c|h||
    air|15158005|#cfe3ee|h||`,
  findings: `
    tumor|108369006|#7cb342||tumour|tumour,neoplasm,gtv,cancer
    lesion|52988006|#9ccc3c||lesion|
    liver_tumor|108369006|#8bc34a||liver tumour|liver tumour,hepatic tumor,hepatic tumour,liver lesion
    liver_lesion|52988006|#8bc34a||liver lesion|hepatic lesion
    kidney_tumor_*|108369006|#7fbf4d||kidney tumour|kidney tumour,renal tumor,renal tumour
    lung_tumor|108369006|#84bd45||lung tumour|lung tumour,lung cancer
    pancreas_tumor|108369006|#93c751||pancreatic tumour|pancreatic tumor,pancreatic tumour,pancreas tumour
    colon_tumor|108369006|#79b03f||colon tumour|colon cancer,colon tumour
    brain_tumor|108369006|#8ac04b||brain tumour|brain tumour
    lung_nodules|27925004|#a5c93d||lung nodules|lung nodule
    kidney_cyst_*|367643001|#78c2a4||kidney cyst|renal cyst
    cyst|367643001|#78c2a4|||
    edema|79654002|#5fb7c4||oedema|oedema
    necrosis|6574001|#6a5f8a|||
    hematoma|35566002|#7a1f3a||haematoma|haematoma
    intracerebral_hemorrhage|50960005|#8a1f3c||intracerebral haemorrhage|intracerebral haemorrhage
    lung_covid_infiltrate|47351003|#6ea89e||lung infiltrate|
    pleural_effusion|41699000|#58a6b0||pleural effusion|
    pericardial_effusion|41699000|#4b98a8||pericardial effusion|
    calcification||#f2efe0||calcification|calcified plaque
    hip_implant|40388003|#7f8c9b||hip implant|
    implant|40388003|#8d99a6||implant|
    stent|65818007|#9aa5b1|||
    catheter|19923001|#6f7f90|||`,
};

/** Where a structure belongs, in the order a report lists the groups. */
export type StructureGroup =
  | "brain"
  | "head"
  | "thorax"
  | "heart"
  | "abdomen"
  | "pelvis"
  | "vessels"
  | "bones"
  | "muscles"
  | "body"
  | "findings";

/** The groups' titles, in a report's order. */
export const STRUCTURE_GROUPS: Readonly<Record<StructureGroup, string>> = {
  brain: "Brain",
  head: "Head and neck",
  thorax: "Thorax",
  heart: "Heart",
  abdomen: "Abdomen",
  pelvis: "Pelvis",
  vessels: "Vessels",
  bones: "Bones",
  muscles: "Muscles",
  body: "Body and tissues",
  findings: "Findings and devices",
};

/** SNOMED CT concept ids of the vertebrae, from the head down; TotalSegmentator's `vertebrae_<level>`. */
export const VERTEBRAE: readonly (readonly [level: string, snomed: string])[] = [
  ["C1", "14806007"],
  ["C2", "39976000"],
  ["C3", "113205007"],
  ["C4", "5329002"],
  ["C5", "36978003"],
  ["C6", "36054005"],
  ["C7", "87391001"],
  ["T1", "64864005"],
  ["T2", "53733008"],
  ["T3", "1626008"],
  ["T4", "73071006"],
  ["T5", "56401006"],
  ["T6", "45296009"],
  ["T7", "62487009"],
  ["T8", "11068009"],
  ["T9", "82687006"],
  ["T10", "7610001"],
  ["T11", "12989004"],
  ["T12", "23215003"],
  ["L1", "66794005"],
  ["L2", "14293000"],
  ["L3", "36470004"],
  ["L4", "11994002"],
  ["L5", "49668003"],
  ["S1", "65985001"],
];

/** SNOMED CT concept ids of ribs 1 to 12. */
export const RIBS: readonly string[] = [
  "48535007",
  "78247007",
  "25888004",
  "25523003",
  "15339008",
  "59558009",
  "24915002",
  "5953002",
  "22565002",
  "77644006",
  "58830002",
  "43993008",
];
