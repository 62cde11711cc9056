// English names of Jiangsu's cities, by the Chinese name the outline carries.

const ENGLISH: Readonly<Record<string, string>> = {
  南京市: 'Nanjing',
  无锡市: 'Wuxi',
  徐州市: 'Xuzhou',
  常州市: 'Changzhou',
  苏州市: 'Suzhou',
  南通市: 'Nantong',
  连云港市: 'Lianyungang',
  淮安市: "Huai'an",
  盐城市: 'Yancheng',
  扬州市: 'Yangzhou',
  镇江市: 'Zhenjiang',
  泰州市: 'Taizhou',
  宿迁市: 'Suqian',
}

export const cityName = (chinese: string, language: 'zh' | 'en'): string =>
  language === 'zh' ? chinese.replace(/市$/, '') : (ENGLISH[chinese] ?? chinese)
